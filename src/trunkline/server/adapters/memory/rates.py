"""How often data sets may be asked for: fixed windows, counted by each process for itself (spec 1.5)."""

from __future__ import annotations

import math
import threading
from typing import Final

from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.errors import TooManyRequests

MINUTE: Final = 60
PER_KEY: Final = 30
PER_ACCOUNT: Final = 500


class LiveLimits:
    """Implements the port `Limits`. Holds the callers of one minute and the accounts of one day, no longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[int, tuple[int, dict[str, int]]] = {MINUTE: (0, {}), DAY: (0, {})}

    def take(self, key_hash: str, account_id: str, now: float) -> None:
        """Count one call. Raises `TooManyRequests`; a call that is refused does not count."""
        with self._lock:
            counts = [
                (MINUTE, PER_KEY, key_hash, self._counts(MINUTE, now)),
                (DAY, PER_ACCOUNT, account_id, self._counts(DAY, now)),
            ]
            for width, limit, name, window in counts:
                if window.get(name, 0) >= limit:
                    reset = (int(now) // width + 1) * width
                    raise TooManyRequests(limit, reset, max(1, math.ceil(reset - now)))
            for _, _, name, window in counts:
                window[name] = window.get(name, 0) + 1

    def _counts(self, width: int, now: float) -> dict[str, int]:
        number, counts = self._windows[width]
        if number != int(now) // width:
            counts = {}
            self._windows[width] = (int(now) // width, counts)
        return counts
