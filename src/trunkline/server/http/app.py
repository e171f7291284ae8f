"""The server as one application: the table of operations behind the front, from its start to its end."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from trunkline.server.departures import Departures
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.front import Front
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.listener import Listener
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.router import Router
from trunkline.server.http.routes import (
    accounts,
    activity,
    assignments,
    budgets,
    byok,
    credits,  # noqa: A004 - the noun of the API
    datasets,
    documentation,
    embeddings,
    endpoints,
    explain,
    generations,
    guardrails,
    health,
    inference,
    keys,
    members,
    metrics,
    models,
    organization,
    providers,
    workspaces,
)
from trunkline.server.http.site import Site

_DESCRIBED: tuple[Operation, ...] = (
    *inference.OPERATIONS,
    *generations.OPERATIONS,
    *models.OPERATIONS,
    *endpoints.OPERATIONS,
    *embeddings.OPERATIONS,
    *providers.OPERATIONS,
    *keys.OPERATIONS,
    *byok.OPERATIONS,
    *guardrails.OPERATIONS,
    *assignments.OPERATIONS,
    *workspaces.OPERATIONS,
    *budgets.OPERATIONS,
    *members.OPERATIONS,
    *organization.OPERATIONS,
    *accounts.OPERATIONS,
    *credits.OPERATIONS,
    *activity.OPERATIONS,
    *datasets.OPERATIONS,
    *explain.OPERATIONS,
    *health.OPERATIONS,
    *metrics.OPERATIONS,
)
OPERATIONS = (*_DESCRIBED, *documentation.operations(_DESCRIBED))
"""Every operation, in the order of the documentation."""
CACHE_BYTES = 48 * 1024 * 1024


def create(
    context: Context,
    hosts: HostTable,
    *,
    body_limit: int,
    call_body_limit: int = 32 * 1024 * 1024,
    start: Callable[[], None],
    stop: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
    close: Callable[[], Awaitable[None]] | None = None,
    site: Site | None = None,
    departures: Departures | None = None,
) -> App:
    """Return the application. `start` is called once before the first request, `close` and then `stop` after the last.

    `stopping` is called, where there is time for it, when the last requests have come.

    `call_body_limit` is that of calls to models, in bytes; `site` answers what is no operation's path; answers leave by
    `departures`.
    """
    router = Router([replace(row, body_limit=call_body_limit) if row.infer is not None else row for row in OPERATIONS])
    front = Front(context, router, hosts, AnswerCache(CACHE_BYTES), body_limit, site)
    return App(front, start, stop, stopping, close, departures)


class App:
    """The front and what it needs to run: `serve` begins and ends it."""

    def __init__(
        self,
        front: Front,
        start: Callable[[], None],
        stop: Callable[[], None],
        stopping: Callable[[], None],
        close: Callable[[], Awaitable[None]] | None,
        departures: Departures | None,
    ) -> None:
        self.front = front
        self._start = start
        self._stop = stop
        self._stopping = stopping
        self._close = close
        self._departures = departures

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Front]:
        """Have the front able to answer while the block runs, in one event loop. Raises `TrunklineError`."""
        self._start()
        try:
            yield self.front
        finally:
            if self._close is not None:
                await self._close()
            self._stop()

    async def serve(
        self,
        listening: socket.socket,
        until: Awaitable[object],
        *,
        ready: Callable[[], None] = lambda: None,
        grace_seconds: float = 0,
    ) -> None:
        """Serve a socket, which is closed in the end, `until` something has come; answers under way have a grace then.

        `ready` is called when connections are taken. Raises `TrunklineError` where it cannot start.
        """
        async with self.running() as front:
            listener = Listener(front, departures=self._departures)
            await listener.listen(listening)
            ready()
            await until
            self._stopping()
            await listener.end(grace_seconds)
