"""Keeps the time of all connections: one look at them every few hundredths of a second, instead of a timer a call."""

from __future__ import annotations

import asyncio
from typing import Final

from trunkline.server.adapters.providers.connection import Connection
from trunkline.server.departures import Departures

SECONDS: Final = 0.05
"""Between two looks: so much later than its limit, and never earlier, something may end."""


class Watch:
    """Calls `overdue` of connections whose `limit` has come; `now` is the loop's time at the last look.

    Its connections share their `departures`.
    """

    def __init__(self, departures: Departures | None = None) -> None:
        self.now = 0.0
        self.closed = False
        self.departures = departures or Departures()
        self._watched: set[Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def add(self, connection: Connection) -> None:
        """Look at a connection from now on."""
        self._watched.add(connection)
        if self._timer is None:
            self._loop = asyncio.get_running_loop()
            self._look()

    def time(self) -> float:
        """Return the time that limits are told in, as of the last look while it looks."""
        return asyncio.get_running_loop().time() if self._timer is None else self.now

    def remove(self, connection: Connection) -> None:
        """Look at it no longer."""
        self._watched.discard(connection)

    async def close(self) -> None:
        """End every connection; there are to be no others."""
        self.closed = True
        for connection in tuple(self._watched):
            connection.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.sleep(0)  # the loop closes their sockets in its next round

    def _look(self) -> None:
        assert self._loop is not None
        self.now = now = self._loop.time()
        # Limits are reckoned from a `now` that may be one look old.
        due = now - SECONDS
        try:
            for connection in tuple(self._watched):
                if connection.limit <= due:
                    connection.overdue()
        finally:
            self._timer = self._loop.call_later(SECONDS, self._look) if self._watched else None
