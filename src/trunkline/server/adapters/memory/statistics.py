"""What traffic has taught about endpoints: this process's own at once, that of others as the store hands it on."""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping

from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.routing.statistics import EndpointStatistics, Statistics
from trunkline.server.domain.routing.windows import History, Seen, Span, ended, plain

REMEMBERED = 5_000
"""Endpoints kept in memory, at most 90 KB each; the one that was silent longest goes first."""
FRESH_SECONDS = 1.0
"""For how long figures are handed out again. A failure or a pause is heeded at once."""
_EARLY = 10_000
_GATHERED = 1_000
"""Attempts kept until they are learned from; figures are made anew once a second, so most are never asked for one by
one."""


class _Endpoint:
    __slots__ = ("history", "made", "shown", "stale")

    def __init__(self) -> None:
        self.history = History()
        self.shown: EndpointStatistics | None = None
        self.made = 0.0
        self.stale = 0.0


class LiveStatistics:
    """Implements the port `Learned`. Written by the event loop and by a thread, read by both."""

    def __init__(self, clock: Callable[[], float], chance: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._chance = chance
        self._lock = threading.Lock()
        self._endpoints: OrderedDict[str, _Endpoint] = OrderedDict()
        self._early: OrderedDict[tuple[str, float], None] = OrderedDict()
        self._settled: list[AttemptRecord] = []
        """Successes that are yet to be learned from; appended without the lock."""

    def statistics(self, now: float) -> Statistics:
        """Return the endpoints' recent past: a view in which each is worked out when it is looked up."""
        return _View(self, now)

    def observe(self, attempt: AttemptRecord) -> None:
        """Heed an attempt before its generation is settled, which then does not count it again."""
        if attempt.is_byok:
            return
        with self._lock:
            self._early[attempt.endpoint, attempt.started] = None
            while len(self._early) > _EARLY:
                self._early.popitem(last=False)
            self._take(attempt, self._clock())

    def settle(self, records: Iterable[GenerationRecord]) -> None:
        """Learn from generations' attempts; those on a caller's own key say nothing about a shared endpoint."""
        settled, is_urgent = self._settled, False
        for record in records:
            for attempt in record.attempts:
                if not attempt.is_byok:
                    settled.append(attempt)
                    is_urgent = is_urgent or not attempt.ok or attempt.endpoint not in self._endpoints
        if is_urgent or len(settled) >= _GATHERED:
            with self._lock:
                self._learn()

    def merge(self, found: Mapping[str, Seen]) -> None:
        """Learn what other processes have seen, by endpoint."""
        with self._lock:
            self._learn()
            for key, seen in found.items():
                kept = self._of(key)
                kept.history.merge(seen, self._chance)
                kept.shown = None

    def load(self, spans: Iterable[tuple[str, int, int, Span]]) -> None:
        """Take spans out of the store: endpoint, width, start (Unix seconds) and what was seen."""
        with self._lock:
            for key, width, start, span in spans:
                self._of(key).history.put(width, start, span, self._chance)

    def forget(self, now: float) -> None:
        """Drop what is too old for any window."""
        with self._lock:
            self._learn()
            for key in [key for key, kept in self._endpoints.items() if not kept.history.forget(now)]:
                del self._endpoints[key]

    def keys(self) -> list[str]:
        """Return the keys of the endpoints of which anything is known."""
        with self._lock:
            return list(self._endpoints)

    def look_up(self, key: str, now: float) -> EndpointStatistics | None:
        """Return what is known of an endpoint, at most a second old; None for nothing."""
        with self._lock:
            kept = self._endpoints.get(key)
            if kept is None:
                return None
            if kept.shown is None or not 0 <= now - kept.made < FRESH_SECONDS or time.monotonic() >= kept.stale:
                self._learn()
                kept.shown, kept.made = kept.history.statistics(now), now
                kept.stale = time.monotonic() + FRESH_SECONDS
            return kept.shown

    def _learn(self) -> None:
        """Learn from what has been settled by now; under the lock, while more may be appended."""
        if not self._settled:
            return
        settled, now = self._settled[:], self._clock()
        del self._settled[: len(settled)]
        if self._early:
            settled = [attempt for attempt in settled if not self._was_heeded(attempt)]
        counts, others = plain(settled, now)
        for (endpoint, second), count in counts.items():
            self._of(endpoint).history.serve(count, second)
        for attempt in others:
            self._take(attempt, now)

    def _was_heeded(self, attempt: AttemptRecord) -> bool:
        place = attempt.endpoint, attempt.started
        if place not in self._early:
            return False
        del self._early[place]
        return True

    def _take(self, attempt: AttemptRecord, now: float) -> None:
        kept = self._of(attempt.endpoint)
        kept.history.add(attempt, ended(attempt, now), self._chance)
        if not attempt.ok:
            kept.shown = None

    def _of(self, key: str) -> _Endpoint:
        kept = self._endpoints.get(key)
        if kept is None:
            kept = self._endpoints[key] = _Endpoint()
            while len(self._endpoints) > REMEMBERED:
                self._endpoints.popitem(last=False)
        else:
            self._endpoints.move_to_end(key)
        return kept


class _View(Mapping[str, EndpointStatistics]):
    """The statistics at a moment."""

    __slots__ = ("_now", "_of")

    def __init__(self, of: LiveStatistics, now: float) -> None:
        self._of = of
        self._now = now

    def __getitem__(self, key: str) -> EndpointStatistics:
        found = self._of.look_up(key, self._now)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str, default: object = None) -> EndpointStatistics | None:  # type: ignore[override]
        found = self._of.look_up(key, self._now)
        return default if found is None else found  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of.keys())

    def __len__(self) -> int:
        return len(self._of.keys())
