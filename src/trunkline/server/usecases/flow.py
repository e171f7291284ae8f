"""The events of one attempt on their way to whoever shows them, read from the upstream by a task of their own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from trunkline.server.domain.generation.delta import Event, Failed
from trunkline.server.domain.generation.fault import Fault

AHEAD: Final = 64
"""Events that are read before somebody takes them; a caller that is slower than its upstream slows that down too."""


class Flow:
    """Reads an attempt. Whoever stops waiting for it does not cut it off; `close` does.

    One task for a whole answer: a task for each event took longer than everything that is done with it.
    """

    def __init__(self, source: AsyncGenerator[Event, None]) -> None:
        self._source = source
        self._held: deque[Event] = deque()
        self._loop = asyncio.get_running_loop()
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._failed = False
        self._reader = self._loop.create_task(self._read())

    async def next(self) -> Event | None:
        """Return the next event, None after the last. May be cancelled, and asked again."""
        held, reader = self._held, self._reader
        while not held:
            if reader.done():
                if not reader.cancelled():
                    reader.result()
                return None
            self._arrival = self._loop.create_future()
            await self._arrival
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        return held.popleft()

    def come(self) -> list[Event]:
        """Return the events that have come and that nobody has taken, without waiting."""
        come = list(self._held)
        self._held.clear()
        return come

    def give_up(self, fault: Fault) -> None:
        """End it with a fault as its last event, unless it has ended; its connection is closed soon."""
        if not self._reader.done() and not self._failed:
            self._failed = True
            self._held.append(Failed(fault=fault))
            self._reader.cancel()
            self._wake()

    async def close(self) -> None:
        """Close the upstream's connection, whatever it still has to say; a flow that has ended costs nothing."""
        if self._reader.done():
            return
        if not self._failed:  # else it is closing already
            self._reader.cancel()
        await asyncio.wait({self._reader})

    async def _read(self) -> None:
        try:
            async for event in self._source:
                self._held.append(event)
                self._failed = isinstance(event, Failed)
                self._wake()
                if len(self._held) >= AHEAD:
                    self._room = self._loop.create_future()
                    await self._room
        finally:
            await self._source.aclose()
            # Not before this task is done, which whoever waits asks for.
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
