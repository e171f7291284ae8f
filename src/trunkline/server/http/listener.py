"""Takes callers' connections on one socket, keeps their time and ends them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable
from contextlib import suppress
from email.utils import formatdate
from typing import Final, Protocol

from trunkline.server.departures import Departures
from trunkline.server.errors import TrunklineError
from trunkline.server.http.answer import Answer, Encoded
from trunkline.server.http.connection import Connection
from trunkline.server.http.patience import Patience
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream

LAST_SECONDS: Final = 1.0
"""What calls get to settle that were cut off in the end."""
BACKLOG: Final = 2048
"""Connections that may wait to be taken; the system's own bound may be lower."""


class Answers(Protocol):
    """What requests are answered by."""

    def limit(self, method: str, path: bytes) -> int:
        """Return how many bytes the body of a request may have, by its method and raw path."""
        ...

    def kept(self, request: Request) -> Encoded | None:
        """Return an answer that is there already."""
        ...

    def answer(self, request: Request) -> Awaitable[Answer | Encoded | Stream]:
        """Return what is to be awaited for the answer to any request; what is not encoded is when it is sent."""
        ...

    def refused(self, error: TrunklineError) -> Encoded:
        """Return what is said of a request that could not be read."""
        ...


class Listener:
    """Serves one listening socket in the running event loop.

    `now` is the loop's time and `date` the header line of the date, both as of the last look; `departures` is what
    answers leave by.
    """

    def __init__(self, front: Answers, patience: Patience | None = None, departures: Departures | None = None) -> None:
        self.front = front
        self.patience = patience or Patience()
        self.departures = departures or Departures()
        self.ending = False
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._emptied = asyncio.Event()
        self._tell_time()

    async def listen(self, listening: socket.socket) -> None:
        """Take connections from now on."""
        self._server = await self._loop.create_server(
            lambda: Connection(self, self._loop), sock=listening, backlog=BACKLOG
        )

    def add(self, connection: Connection) -> None:
        """Look after a connection."""
        self._connections.add(connection)
        if self._timer is None:
            self._look()
        if self.ending:
            connection.stop()

    def remove(self, connection: Connection) -> None:
        """Look no more after one that has gone and works for nobody."""
        self._connections.discard(connection)
        if self.ending and not self._connections:
            self._emptied.set()

    async def end(self, seconds: float) -> None:
        """Take no more connections, let answers under way be heard for so long, and close all that is left."""
        self.ending = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.stop()
        await self._empty(seconds)
        for connection in tuple(self._connections):
            connection.abort()
        await self._empty(LAST_SECONDS)
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.sleep(0)  # the loop closes their sockets in its next round

    async def _empty(self, seconds: float) -> None:
        if self._connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._emptied.wait()

    def _look(self) -> None:
        self._tell_time()
        try:
            for connection in tuple(self._connections):
                connection.look(self.now)
        finally:
            self._timer = self._loop.call_later(self.patience.look, self._look) if self._connections else None

    def _tell_time(self) -> None:
        self.now = self._loop.time()
        self.date = b"date: %b\r\n" % formatdate(time.time(), usegmt=True).encode()
