"""Counts calls for Prometheus as they are settled, by the catalogue's own names only; each worker counts its own.

Sums are kept in plain tables and become metrics when somebody asks: the library's own counters take longer for one
call than writing its record does.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from trunkline.server.domain.generation.record import GenerationRecord

_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_BOUNDS: Final = (*map(str, map(float, _SECONDS)), "+Inf")
_SERVED: Final = ("model", "provider")

_GATHERED: Final = 500
"""Records kept until they are counted, all at once: that takes half as long as one after the other between calls."""

Labels = tuple[str | int, ...]
Counts = defaultdict[Labels, int]


class _Times:
    """A histogram of seconds: how many fell below each bound and above the one before, and their sum."""

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.buckets = [0] * len(_BOUNDS)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(_SECONDS, seconds)] += 1
        self.sum += seconds


class _Served:
    """What was counted of one model at one provider, of calls that ended there."""

    __slots__ = ("charged", "completion", "latency", "outcomes", "prompt")

    def __init__(self) -> None:
        self.outcomes: defaultdict[str, int] = defaultdict(int)
        self.prompt = self.completion = 0
        self.charged = 0.0
        self.latency = _Times()


class _Sums(Collector):
    """What was counted, as the library's exposition wants it."""

    def __init__(self) -> None:
        self._served: defaultdict[Labels, _Served] = defaultdict(_Served)
        self._attempts: Counts = defaultdict(int)
        self._first: defaultdict[Labels, _Times] = defaultdict(_Times)

    def add(self, record: GenerationRecord) -> None:
        """Count a record; a name that no endpoint has is never a label."""
        sums, used = self._served[record.model, record.provider], record.usage
        sums.outcomes["cancelled" if record.cancelled else record.error_type or "ok"] += 1
        sums.prompt += used.prompt_tokens
        sums.completion += used.completion_tokens
        sums.charged += float(record.charged)
        sums.latency.add(record.latency_ms / 1000)
        for attempt in record.attempts:
            self._attempts[attempt.model, attempt.provider, attempt.status] += 1
            if attempt.first_token_ms is not None:
                self._first[attempt.model, attempt.provider].add(attempt.first_token_ms / 1000)

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """Yield the metrics as they stand."""
        served = self._served.items()
        calls = {(*of, outcome): count for of, sums in served for outcome, count in sums.outcomes.items()}
        tokens = {(*of, "prompt"): sums.prompt for of, sums in served}
        tokens |= {(*of, "completion"): sums.completion for of, sums in served}
        yield _counter("generations", "Calls that ended.", (*_SERVED, "outcome"), calls)
        yield _counter("attempts", "Attempts at providers.", (*_SERVED, "status"), self._attempts)
        yield _counter("tokens", "Tokens of served calls.", (*_SERVED, "side"), tokens)
        charged = {of: sums.charged for of, sums in served}
        yield _counter("charged_usd", "What accounts were charged, in USD.", _SERVED, charged)
        latency = {of: sums.latency for of, sums in served}
        yield _histogram("generation_seconds", "Calls, from arrival to end.", latency)
        yield _histogram("first_token_seconds", "Attempts, from sending to the first token.", self._first)


class Metrics:
    """Counts calls that have ended; any thread may call it."""

    def __init__(self) -> None:
        self._settled: list[GenerationRecord] = []
        self._turn = threading.Lock()
        self._sums = _Sums()
        self._registry = CollectorRegistry()
        self._registry.register(self._sums)

    def count(self, records: Sequence[GenerationRecord]) -> None:
        """Count records by the time that somebody asks."""
        self._settled += records
        if len(self._settled) >= _GATHERED:
            self._count()

    def exposition(self) -> bytes:
        """Return all counts in Prometheus' text format."""
        self._count()
        with self._turn:
            return generate_latest(self._registry)

    def _count(self) -> None:
        # More may be appended meanwhile: asking and settling are not always the same thread.
        with self._turn:
            gathered = self._settled[:]
            del self._settled[: len(gathered)]
            for record in gathered:
                self._sums.add(record)


def _counter(name: str, text: str, labels: tuple[str, ...], counts: Mapping[Labels, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"trunkline_{name}", text, labels=labels)
    for of, count in counts.items():
        family.add_metric([str(label) for label in of], count)
    return family


def _histogram(name: str, text: str, times: Mapping[Labels, _Times]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"trunkline_{name}", text, labels=_SERVED)
    for of, found in times.items():
        below, buckets = 0, []
        for bound, count in zip(_BOUNDS, found.buckets, strict=True):
            below += count
            buckets.append((bound, below))
        family.add_metric([str(label) for label in of], buckets, found.sum)
    return family
