"""Lets requests leave together that are ready in one turn of the loop: waking who reads them is what is dear."""

from __future__ import annotations

import asyncio


class Departures:
    """Sends bytes: at once where turns have had one request of late, else when everything else of a turn is done.

    One wake-up of a provider, or of a network card, is enough for all of them, and no Python has to find its way back
    into the caches after each: docs/performance.md has what that is worth.
    """

    __slots__ = ("_crowded", "_sent", "_waiting")

    def __init__(self) -> None:
        self._crowded = False
        self._sent = 0
        self._waiting: list[tuple[asyncio.WriteTransport, bytes]] = []

    def send(self, loop: asyncio.AbstractEventLoop, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Send bytes in this turn of the loop, or right after it."""
        self._sent += 1
        if self._sent == 1:
            loop.call_soon(self._depart)
            if not self._crowded:
                transport.write(data)
                return
        self._waiting.append((transport, data))

    def _depart(self) -> None:
        self._crowded = self._sent > 1
        self._sent = 0
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)
