"""Lets requests leave together that are ready in one turn of the loop: waking who reads them is what is dear."""

from __future__ import annotations

import asyncio


class Departures:
    """Sends bytes; the first of a turn at once, the others when everything else of that turn is done.

    One wake-up of a provider, or of a network card, is enough for all of them, and no Python has to find its way back
    into the caches after each: docs/performance.md has what that is worth.
    """

    __slots__ = ("_is_turning", "_waiting")

    def __init__(self) -> None:
        self._is_turning = False
        self._waiting: list[tuple[asyncio.WriteTransport, bytes]] = []

    def send(self, loop: asyncio.AbstractEventLoop, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Send bytes in this turn of the loop, or right after it."""
        if self._is_turning:
            self._waiting.append((transport, data))
            return
        self._is_turning = True
        loop.call_soon(self._depart)
        transport.write(data)

    def _depart(self) -> None:
        self._is_turning = False
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
