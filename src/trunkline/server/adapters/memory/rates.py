"""How often something may be asked for: fixed windows, counted by each process for itself (spec 1.5, gateway 4.6)."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.errors import TooManyRequests

MINUTE: Final = 60
PER_KEY: Final = 30
PER_ACCOUNT: Final = 500


class Rate(NamedTuple):
    """At most `limit` calls in `seconds`, which begin at whole multiples of themselves; 0 for any number."""

    seconds: int
    limit: int


class Windows:
    """Counts calls by name under some rates. Holds the names of the windows under way, no longer."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = tuple(rates)
        self._lock = threading.Lock()
        self._counts: list[tuple[int, dict[str, int]]] = [(0, {}) for _ in self._rates]

    def take(self, names: Sequence[str], now: float) -> None:
        """Count one call, under a name for each rate. Raises `TooManyRequests` for one that then does not count."""
        with self._lock:
            windows = [self._at(position, now) for position in range(len(self._rates))]
            for (seconds, limit), name, counts in zip(self._rates, names, windows, strict=True):
                if limit and counts.get(name, 0) >= limit:
                    reset = (int(now) // seconds + 1) * seconds
                    raise TooManyRequests(limit, reset, max(1, math.ceil(reset - now)))
            for name, counts in zip(names, windows, strict=True):
                counts[name] = counts.get(name, 0) + 1

    def _at(self, position: int, now: float) -> dict[str, int]:
        number, counts = self._counts[position]
        current = int(now) // self._rates[position].seconds
        if number != current:
            counts = {}
            self._counts[position] = (current, counts)
        return counts


class LiveLimits:
    """Implements the port `Limits`."""

    def __init__(self) -> None:
        self._windows = Windows([Rate(MINUTE, PER_KEY), Rate(DAY, PER_ACCOUNT)])

    def take(self, key_hash: str, account_id: str, now: float) -> None:
        """Count one call of the data sets. Raises `TooManyRequests`."""
        self._windows.take((key_hash, account_id), now)


class LiveFreeCalls:
    """Implements the port `FreeCalls`."""

    def __init__(self, per_minute: int, per_day: int) -> None:
        """Take how many calls an account has in a minute and in a day, 0 for any number."""
        self._windows = Windows([Rate(MINUTE, per_minute), Rate(DAY, per_day)])

    def take(self, account_id: str, now: float) -> None:
        """Count one call. Raises `TooManyRequests`."""
        self._windows.take((account_id, account_id), now)
