"""How often somebody may try to sign in: a few attempts a minute and address, counted by each process."""

from __future__ import annotations

import math
import threading
from typing import Final

from trunkline.server.errors import TooManyRequests

WINDOW: Final = 60
PER_ADDRESS: Final = 10


class LiveAttempts:
    """Implements the port `Attempts`. Holds the addresses of one minute, no longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[str, int] = {}

    def take(self, who: str, now: float) -> None:
        """Count an attempt. Raises `TooManyRequests`; one that is refused does not count."""
        with self._lock:
            if self._window != int(now) // WINDOW:
                self._window, self._counts = int(now) // WINDOW, {}
            if self._counts.get(who, 0) >= PER_ADDRESS:
                reset = (self._window + 1) * WINDOW
                raise TooManyRequests(PER_ADDRESS, reset, max(1, math.ceil(reset - now)))
            self._counts[who] = self._counts.get(who, 0) + 1

    def forget(self, who: str) -> None:
        """Forget the attempts from an address."""
        with self._lock:
            self._counts.pop(who, None)
