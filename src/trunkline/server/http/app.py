"""The server as one ASGI application: the table of operations behind the front, with a lifespan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from trunkline.server.errors import TrunklineError
from trunkline.server.http.body import Receive
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.front import Front
from trunkline.server.http.hosts import HostTable
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
from trunkline.server.http.sending import Scope, Send
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
) -> App:
    """Return the application. `start` is called once before the first request, `close` and then `stop` after the last.

    `stopping` is called, where there is time for it, when the last requests have come.

    `call_body_limit` is that of calls to models, in bytes; `site` answers what is no operation's path.
    """
    router = Router([replace(row, body_limit=call_body_limit) if row.infer is not None else row for row in OPERATIONS])
    return App(Front(context, router, hosts, AnswerCache(CACHE_BYTES), body_limit, site), start, stop, stopping, close)


class Reports(Protocol):
    """Whoever has to know how the application's start ended."""

    def ready(self) -> None:
        """Note that the application serves from now on."""
        ...

    def failed(self, error: Exception) -> None:
        """Note that it cannot start, or did not stop well."""
        ...


class App:
    """Hands HTTP to the front and answers the lifespan protocol (ASGI 3)."""

    reports: Reports | None = None
    """Told by whoever runs this in a process of its own."""

    def __init__(
        self,
        front: Front,
        start: Callable[[], None],
        stop: Callable[[], None],
        stopping: Callable[[], None],
        close: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._front = front
        self._start = start
        self._stop = stop
        self._close = close
        self.stopping = stopping
        """To be called in the event loop when the server begins to stop: what is under way has some time left."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one ASGI scope."""
        # Not a coroutine of its own: requests pay for one comparison only.
        if scope["type"] == "http":
            return self._front(scope, receive, send)
        if scope["type"] == "lifespan":
            return self._lifespan(receive, send)
        return send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        try:
            await self._live(receive, send)
        except Exception as error:
            # granian would go on without lifespan, that is, serve an application that never started.
            if self.reports is not None:
                self.reports.failed(error)
            raise

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._start()
        except TrunklineError as error:
            if self.reports is not None:
                self.reports.failed(error)
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        if self.reports is not None:
            self.reports.ready()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._close is not None:
            await self._close()
        self._stop()
        await send({"type": "lifespan.shutdown.complete"})
