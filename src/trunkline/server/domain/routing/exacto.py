"""Quality first: endpoints by how well they call tools and how fast they are (spec gateway 3.5, exacto)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from statistics import median
from typing import Final

from trunkline.server.domain.routing.statistics import UNKNOWN, EndpointStatistics, Statistics
from trunkline.server.domain.routing.targets import Model, Target

REQUESTS: Final = 100
TOOL_REQUESTS: Final = 200
PROVIDERS: Final = 4
THROUGHPUT_SPREAD: Final = 1.5
TOOLS_SPREAD: Final = 2.0
MAD_SCALE: Final = 1.4826
FLOOR: Final = 0.01
_NEVER: Final = float("-inf")


class Quality(IntEnum):
    """Classes in the order in which they are tried."""

    GOOD = 1
    UNPROVEN = 2
    LOW = 3


def speed(seen: EndpointStatistics) -> float | None:
    """Return the median throughput of the last 30 minutes in tokens per second, None where too little is known."""
    measured = seen.throughput_30m or seen.throughput
    return measured.p50 if measured is not None and seen.requests_30m >= REQUESTS else None


def tool_success(seen: EndpointStatistics) -> float | None:
    """Return the share of requests with good tool calls only, None where too little is known."""
    return seen.tool_success if seen.tool_requests_2h >= TOOL_REQUESTS else None


def cutoff(values: Iterable[tuple[str, float]], spread: float) -> float:
    """Return below what a signal is low, from (provider, value) pairs of a model's endpoints.

    Median less `spread` deviations, the deviation being 1.4826 times the median absolute one and at
    least 1 % of the median; never, unless four providers are known.
    """
    known = list(values)
    if len({provider for provider, _ in known}) < PROVIDERS:
        return _NEVER
    middle = median(value for _, value in known)
    deviation = MAD_SCALE * median(abs(value - middle) for _, value in known)
    return middle - spread * max(deviation, FLOOR * middle)


def judge(model: Model, statistics: Statistics) -> Callable[[Target], Quality]:
    """Return what says the quality of a model's endpoints, each measured against the model's others.

    There is no benchmark harness here, so that signal is inactive.
    """
    seen = [(target.provider, statistics.get(target.key, UNKNOWN)) for target in model.targets]
    slow = cutoff(_known(seen, speed), THROUGHPUT_SPREAD)
    clumsy = cutoff(_known(seen, tool_success), TOOLS_SPREAD)

    def quality(target: Target) -> Quality:
        own = statistics.get(target.key, UNKNOWN)
        pace, success = speed(own), tool_success(own)
        if own.requests_30m < REQUESTS or own.tool_requests_2h < TOOL_REQUESTS:
            return Quality.UNPROVEN
        if (pace is not None and pace < slow) or (success is not None and success < clumsy):
            return Quality.LOW
        return Quality.GOOD

    return quality


def _known(
    seen: Sequence[tuple[str, EndpointStatistics]], signal: Callable[[EndpointStatistics], float | None]
) -> Iterable[tuple[str, float]]:
    return ((provider, value) for provider, own in seen if (value := signal(own)) is not None)
