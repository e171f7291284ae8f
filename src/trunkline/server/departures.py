"""Lets bytes leave together that are ready in one turn of the loop: waking who reads them is what is dear."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from trunkline.server.polling import Polling

MOST: Final = 1024 * 1024
"""Bytes that wait at most: more of them leave at once."""
_log = logging.getLogger(__name__)


class Departures:
    """Sends bytes: at once where turns have had one message of late, else when everything else of a turn is done.

    One wake-up of a provider, of a client, or of a network card is enough for all of them, and no Python has to find
    its way back into the caches after each: docs/performance.md has what that is worth. What is sent by one transport
    leaves in the order in which it came; whoever sends by one of these does so always.
    """

    __slots__ = ("_before", "_bytes", "_polling", "_sent", "_waiting", "crowded")

    def __init__(self, polling: Polling | None = None, before: Callable[[], None] = lambda: None) -> None:
        """Take what stays awake for the answer to a message that has left alone, and what comes before all bytes."""
        self._polling = polling or Polling(0)
        self._before = before
        self.crowded = False
        """Whether the last turn had more than one message."""
        self._sent = 0
        self._bytes = 0
        self._waiting: list[tuple[asyncio.WriteTransport, bytes]] = []

    def send(self, loop: asyncio.AbstractEventLoop, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Send bytes in this turn of the loop, or right after it."""
        self._sent += 1
        if self._sent == 1:
            self._polling.met()
            loop.call_soon(self._turn, loop)
            if not self.crowded:
                self._before()
                _write(transport, data)
                return
        self._waiting.append((transport, data))
        self._bytes += len(data)
        if self._bytes > MOST:
            self.depart()

    def depart(self) -> None:
        """Send what waits."""
        self._before()
        waiting, self._waiting = self._waiting, []
        self._bytes = 0
        for transport, data in waiting:
            _write(transport, data)

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self.crowded = self._sent > 1
        self._sent = 0
        self.depart()
        if not self.crowded:
            self._polling.stay(loop)


def _write(transport: asyncio.WriteTransport, data: bytes) -> None:
    if not transport.is_closing():
        try:
            transport.write(data)
        except Exception:  # noqa: BLE001 - the others' bytes must not be lost with it
            _log.exception("nothing can be written")
            transport.abort()
