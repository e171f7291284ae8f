"""What attempts teach about an endpoint, in spans of time that add up: minutes, quarters of an hour (gateway 3.10).

Bounded however much traffic there is: counts are exact, times are a fair sample of each span.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np
from msgspec import Struct, field

from trunkline.server.domain.generation.record import AttemptRecord
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles

MINUTE: Final = 60
QUARTER: Final = 900
WIDTHS: Final = (MINUTE, QUARTER)
KEPT: Final = {MINUTE: 30 * MINUTE, QUARTER: 96 * QUARTER}
"""Seconds for which spans of a width are needed: the windows of 5 and 30 minutes, those of 2 hours and a day."""
SAMPLES: Final = 64
"""Times kept of a span, each kind: enough for a p99 over five minutes of traffic."""
COOLDOWN: Final = 30
"""Seconds to leave an endpoint alone after a 429 that does not say how long (spec gateway, Appendix B)."""
OUTAGE_SECONDS: Final = 30
FEW: Final = 5
"""With fewer samples than this a window is widened."""
_TOOLS_SECONDS: Final = 2 * 3600
_OVERLOADED: Final = 503

Chance = Callable[[], float]
"""Returns a number of [0, 1), each as likely as the other."""


class Sample(Struct, omit_defaults=True):
    """A fair sample of numbers: `kept` of the `seen` ones."""

    seen: int = 0
    kept: list[float] = field(default_factory=list)

    def add(self, value: float, chance: Chance) -> None:
        """Take one more number; each of those seen is as likely to be among the kept ones."""
        self.seen += 1
        if len(self.kept) < SAMPLES:
            self.kept.append(value)
        elif (place := int(chance() * self.seen)) < SAMPLES:
            self.kept[place] = value

    def merge(self, other: Sample, chance: Chance) -> None:
        """Take the numbers of another sample."""
        if len(self.kept) + len(other.kept) <= SAMPLES:
            self.kept.extend(other.kept)
        else:
            own, theirs = self.seen, other.seen
            left, right = list(self.kept), list(other.kept)
            drawn: list[float] = []
            while len(drawn) < SAMPLES and (left or right):
                source = left if not right or (left and chance() * (own + theirs) < own) else right
                drawn.append(source.pop(int(chance() * len(source))))
            self.kept = drawn
        self.seen += other.seen


class Span(Struct, omit_defaults=True):
    """What was seen of one endpoint in one span of time.

    `ok` and `failed` are the attempts that count for uptime; `limited` those refused for their rate.
    `tools` are answers that called tools, `clumsy` those among them with a bad call. `cooling_until` is a Unix time.
    """

    ok: int = 0
    failed: int = 0
    limited: int = 0
    tools: int = 0
    clumsy: int = 0
    cooling_until: float = 0.0
    latency: Sample = field(default_factory=Sample)
    throughput: Sample = field(default_factory=Sample)

    def add(self, attempt: AttemptRecord, at: float, chance: Chance) -> None:
        """Count an attempt that ended at a Unix time."""
        if not attempt.ok or attempt.rate_limited:
            self._fail(attempt, at)
            return
        self.ok += 1
        if attempt.tool_calls:
            self.tools += 1
            self.clumsy += attempt.bad_tool_call is True
        if attempt.first_token_ms is not None:
            self.latency.add(attempt.first_token_ms, chance)
            spent = attempt.first_token_ms + (attempt.streaming_ms or 0.0)
            if attempt.output_tokens > 0 and spent > 0:
                self.throughput.add(attempt.output_tokens * 1000.0 / spent, chance)

    def _fail(self, attempt: AttemptRecord, at: float) -> None:
        if attempt.rate_limited:
            self.limited += 1
        elif attempt.counts:
            self.failed += 1
        if (pause := cooldown(attempt)) is not None:
            self.cooling_until = max(self.cooling_until, at + pause)

    def merge(self, other: Span, chance: Chance) -> None:
        """Add what another span has seen."""
        for name in ("ok", "failed", "limited", "tools", "clumsy"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cooling_until = max(self.cooling_until, other.cooling_until)
        self.latency.merge(other.latency, chance)
        self.throughput.merge(other.throughput, chance)


class Seconds(Struct, array_like=True):
    """How many attempts ended in one second, and how many of them failed in a way that counts."""

    attempts: int = 0
    failures: int = 0


class Seen(Struct, omit_defaults=True):
    """What some attempts have taught about one endpoint: by minute, and the latest of them by second."""

    minutes: dict[int, Span] = field(default_factory=dict)
    seconds: dict[int, Seconds] = field(default_factory=dict)

    def add(self, attempt: AttemptRecord, at: float, chance: Chance) -> None:
        """Count an attempt that ended at a Unix time."""
        start = int(at) // MINUTE * MINUTE
        span = self.minutes.get(start)
        if span is None:
            span = self.minutes[start] = Span()
        span.add(attempt, at, chance)
        _count(self.seconds, attempt, at)

    def serve(self, count: int, second: int) -> None:
        """Count so many plain successes (`plain`) that ended in a second."""
        start = second // MINUTE * MINUTE
        self.minutes.setdefault(start, Span()).ok += count
        self.seconds.setdefault(second, Seconds()).attempts += count


class History:
    """One endpoint's recent past, as far back as anybody asks."""

    __slots__ = ("_cooling_until", "_seconds", "_spans")

    def __init__(self) -> None:
        self._spans: dict[int, dict[int, Span]] = {width: {} for width in WIDTHS}
        self._seconds: dict[int, Seconds] = {}
        self._cooling_until = 0.0

    def add(self, attempt: AttemptRecord, at: float, chance: Chance) -> None:
        """Count an attempt that ended at a Unix time."""
        for width, spans in self._spans.items():
            start = int(at) // width * width
            span = spans.get(start)
            if span is None:
                span = spans[start] = Span()
            span.add(attempt, at, chance)
            self._cooling_until = max(self._cooling_until, span.cooling_until)
        _count(self._seconds, attempt, at)

    def serve(self, count: int, second: int) -> None:
        """Count so many plain successes (`plain`) that ended in a second."""
        for width, spans in self._spans.items():
            spans.setdefault(second // width * width, Span()).ok += count
        self._seconds.setdefault(second, Seconds()).attempts += count

    def merge(self, seen: Seen, chance: Chance) -> None:
        """Take what attempts have taught."""
        for start, span in seen.minutes.items():
            for width in WIDTHS:
                self.put(width, start, span, chance)
        for number, second in seen.seconds.items():
            own = self._seconds.setdefault(number, Seconds())
            own.attempts += second.attempts
            own.failures += second.failures

    def put(self, width: int, at: float, span: Span, chance: Chance) -> None:
        """Add a span to the one of a width in which a Unix time lies."""
        self._spans[width].setdefault(int(at) // width * width, Span()).merge(span, chance)
        self._cooling_until = max(self._cooling_until, span.cooling_until)

    def forget(self, now: float) -> bool:
        """Drop what lies too far back; tell whether anything is left."""
        for width, spans in self._spans.items():
            for start in [start for start in spans if start + width <= now - KEPT[width]]:
                del spans[start]
        for number in [number for number in self._seconds if number <= now - OUTAGE_SECONDS]:
            del self._seconds[number]
        return any(self._spans.values()) or self._cooling_until > now

    def statistics(self, now: float) -> EndpointStatistics:
        """Return what is known at a Unix time."""
        five, thirty = self._within(MINUTE, 5 * MINUTE, now), self._within(MINUTE, 30 * MINUTE, now)
        tools, day = self._within(QUARTER, _TOOLS_SECONDS, now), self._within(QUARTER, KEPT[QUARTER], now)
        called = sum(span.tools for span in tools)
        last = [second for number, second in self._seconds.items() if now - OUTAGE_SECONDS < number <= now]
        return EndpointStatistics(
            latency=_latency(_widened(five, thirty, day, lambda span: span.latency)),
            throughput=_throughput(_widened(five, thirty, day, lambda span: span.throughput)),
            latency_30m=_latency(span.latency for span in thirty),
            throughput_30m=_throughput(span.throughput for span in thirty),
            uptime_5m=_uptime(five),
            uptime_30m=_uptime(thirty),
            uptime_1d=_uptime(day),
            requests_30m=sum(span.ok + span.failed for span in thirty),
            tool_requests_2h=called,
            tool_success=1 - sum(span.clumsy for span in tools) / called if called else None,
            failures_30s=sum(second.failures for second in last),
            attempts_30s=sum(second.attempts for second in last),
            cooling_until=self._cooling_until,
        )

    def _within(self, width: int, seconds: int, now: float) -> list[Span]:
        return [span for start, span in self._spans[width].items() if start + width > now - seconds]


def cooldown(attempt: AttemptRecord) -> int | None:
    """Return for how many seconds an endpoint wants to be left alone after an attempt, None where it does not."""
    if attempt.rate_limited:
        return COOLDOWN if attempt.retry_after is None else attempt.retry_after
    return attempt.retry_after if attempt.status == _OVERLOADED else None


def ended(attempt: AttemptRecord, latest: float) -> float:
    """Return when an attempt ended (Unix seconds), `latest` at the latest and where its start is not known."""
    if not attempt.started:
        return latest
    took, streamed = attempt.latency_ms, (attempt.first_token_ms or 0.0) + (attempt.streaming_ms or 0.0)
    at = attempt.started + max(took, streamed) / 1000
    return min(latest, at)


def plain(attempts: Iterable[AttemptRecord], latest: float) -> tuple[dict[tuple[str, int], int], list[AttemptRecord]]:
    """Tell successes that teach nothing but that they were, by endpoint and second, from all other attempts.

    They are most: answers without tools that were not streamed. `latest` as in `ended`.
    """
    counts: dict[tuple[str, int], int] = {}
    others: list[AttemptRecord] = []
    for attempt in attempts:
        if attempt.ok and attempt.first_token_ms is None and not attempt.tool_calls and not attempt.rate_limited:
            place = attempt.endpoint, int(ended(attempt, latest))
            counts[place] = counts.get(place, 0) + 1
        else:
            others.append(attempt)
    return counts, others


def _count(seconds: dict[int, Seconds], attempt: AttemptRecord, at: float) -> None:
    second = seconds.get(int(at))
    if second is None:
        second = seconds[int(at)] = Seconds()
    second.attempts += 1
    if not attempt.ok and attempt.counts and not attempt.rate_limited:
        second.failures += 1


def _widened(five: list[Span], thirty: list[Span], day: list[Span], read: Callable[[Span], Sample]) -> Iterator[Sample]:
    # Self-hosted traffic is sparse; an old figure tells more than none.
    for spans in (five, thirty):
        if sum(read(span).seen for span in spans) >= FEW:
            return map(read, spans)
    return map(read, day)


def _latency(samples: Iterable[Sample]) -> Percentiles | None:
    return percentiles(samples, descending=False)


def _throughput(samples: Iterable[Sample]) -> Percentiles | None:
    return percentiles(samples, descending=True)


def percentiles(samples: Iterable[Sample], *, descending: bool) -> Percentiles | None:
    """Return the nearest-rank percentiles of samples, each standing for all that it has seen; None for nothing seen.

    `descending` counts from the largest on: pX is what X percent reach or exceed.
    """
    parts = [part for part in samples if part.kept]
    if not parts:
        return None
    values = np.concatenate([part.kept for part in parts])
    weights = np.concatenate([np.full(len(part.kept), part.seen / len(part.kept)) for part in parts])
    order = np.argsort(-values if descending else values, kind="stable")
    reached = np.cumsum(weights[order])
    # A hair below the mark is on it: weights are fractions.
    marks = np.array((0.50, 0.75, 0.90, 0.99)) * reached[-1] * (1 - 1e-9)
    p50, p75, p90, p99 = values[order][np.searchsorted(reached, marks)].tolist()
    return Percentiles(p50, p75, p90, p99, sum(part.seen for part in parts))


def _uptime(spans: Iterable[Span]) -> float | None:
    ok = failed = 0
    for span in spans:
        ok += span.ok
        failed += span.failed
    return 100.0 * ok / (ok + failed) if ok + failed else None
