"""Looks for what comes next instead of sleeping, for a moment, as long as that is worth its while."""

from __future__ import annotations

import asyncio
import time
from typing import Final

MOST_PASSED: Final = 255
"""Turns that are passed over at most after looking in vain: so many times less than a moment each is lost then."""


class Polling:
    """Keeps an event loop awake for `seconds` after a turn. What comes meanwhile finds it there at once.

    A core that sleeps has to be woken, and a virtual one to be given back by its host: 70 µs each time on the machine
    that docs/performance.md tells of, and caches that are cold. Looking in vain costs the core that time, so that each
    time doubles the turns that are passed over before the next look; once something comes in time there are none.
    """

    __slots__ = ("_awake", "_passed", "_passing", "_seconds", "_until")

    def __init__(self, seconds: float) -> None:
        """Take how long to look, in seconds; 0 for never."""
        self._seconds = seconds
        self._awake = False
        self._until = 0.0
        self._passing = self._passed = 0

    def stay(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stay awake after a turn, unless that has been in vain of late."""
        if self._passing:
            self._passing -= 1
        elif self._seconds:
            self._until = time.monotonic() + self._seconds
            if not self._awake:
                self._awake = True
                loop.call_soon(self._look, loop)

    def met(self) -> None:
        """Note that something has come."""
        if self._awake:
            self._passed = 0
            self._until = time.monotonic() + self._seconds

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if time.monotonic() < self._until:
            loop.call_soon(self._look, loop)
            return
        self._awake = False
        self._passing = self._passed = min(2 * self._passed + 1, MOST_PASSED)
