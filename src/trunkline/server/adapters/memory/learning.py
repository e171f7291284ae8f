"""Brings what traffic teaches into the catalogue being served, every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.routing.learning import Places, learned

LESSON_SECONDS: Final = 5.0
"""Between two lessons: whoever is taught forgets the answers that it kept, so not more often."""
POPULARITY_SECONDS: Final = 30.0
"""Between two looks at seven days of usage."""
POPULARITY_DAYS: Final = 7


class Lessons:
    """Teaches a catalogue; called by one thread."""

    def __init__(
        self,
        catalogue: LiveCatalogue,
        statistics: LiveStatistics,
        popularity: Callable[[int], Mapping[str, int]],
    ) -> None:
        """`popularity` returns the tokens of each model by permaslug from a day on, counted from 1970."""
        self._catalogue = catalogue
        self._statistics = statistics
        self._popularity = popularity
        self._places: Places | None = None
        self._tokens: Mapping[str, int] = {}
        self._counted = float("-inf")
        self._taught = float("-inf")

    def pulse(self, now: float) -> None:
        """Teach what is known at a Unix time, if it is time for it. Raises `StoreUnavailable`."""
        if time.monotonic() - self._taught >= LESSON_SECONDS:
            self.teach(now)

    def teach(self, now: float) -> None:
        """Teach what is known at a Unix time. Raises `StoreUnavailable`."""
        self._taught = time.monotonic()
        if self._taught - self._counted >= POPULARITY_SECONDS:
            self._tokens = self._popularity(int(now) // DAY - POPULARITY_DAYS + 1)
            self._counted = self._taught
        self._catalogue.learn(lambda snapshot: self._of(snapshot, now))

    def _of(self, snapshot: Snapshot, now: float) -> Snapshot:
        if self._places is None or self._places.rows is not snapshot.rows:
            self._places = Places.of(snapshot.rows)
        return snapshot.measured(learned(self._places, self._statistics.statistics(now), self._tokens))
