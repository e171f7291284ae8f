"""Quality first: endpoints by how well they call tools and how fast they are (spec gateway 3.5, exacto)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from statistics import median
from typing import Final, NamedTuple

from trunkline.server.domain.routing.statistics import EndpointStatistics, Statistics
from trunkline.server.domain.routing.targets import Model

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


class Judgement(NamedTuple):
    """One endpoint's quality, and its signals where enough is known of them.

    `speed` is the median throughput of half an hour in tokens per second, `tool_success` a share of 0 to 1.
    """

    quality: Quality
    speed: float | None = None
    tool_success: float | None = None


_NOTHING: Final = Judgement(Quality.UNPROVEN)


def cutoff(known: Sequence[tuple[str, float]], spread: float) -> float:
    """Return below what a signal is low, from (provider, value) pairs of a model's endpoints.

    Median less `spread` deviations, the deviation being 1.4826 times the median absolute one and at
    least 1 % of the median; never, unless four providers are known.
    """
    if len({provider for provider, _ in known}) < PROVIDERS:
        return _NEVER
    middle = median(value for _, value in known)
    deviation = MAD_SCALE * median(abs(value - middle) for _, value in known)
    return middle - spread * max(deviation, FLOOR * middle)


def judged(model: Model, statistics: Statistics) -> dict[str, Judgement]:
    """Return by key what there is to say of a model's endpoints, each measured against the model's others.

    There is no benchmark harness here, so that signal is inactive.
    """
    judgements = {target.key: _NOTHING for target in model.targets}
    seen = [(target, own) for target in model.targets if (own := statistics.get(target.key)) is not None]
    speeds = [(target.provider, own.throughput_30m.p50) for target, own in seen if own.throughput_30m and _is_used(own)]
    tools = [
        (target.provider, own.tool_success) for target, own in seen if own.tool_success is not None and _is_tried(own)
    ]
    slow, clumsy = cutoff(speeds, THROUGHPUT_SPREAD), cutoff(tools, TOOLS_SPREAD)
    for target, own in seen:
        speed = own.throughput_30m.p50 if own.throughput_30m and _is_used(own) else None
        success = own.tool_success if _is_tried(own) else None
        quality = Quality.GOOD
        if not (_is_used(own) and _is_tried(own)):
            quality = Quality.UNPROVEN
        elif (speed is not None and speed < slow) or (success is not None and success < clumsy):
            quality = Quality.LOW
        judgements[target.key] = Judgement(quality, speed, success)
    return judgements


def _is_used(seen: EndpointStatistics) -> bool:
    return seen.requests_30m >= REQUESTS


def _is_tried(seen: EndpointStatistics) -> bool:
    return seen.tool_requests_2h >= TOOL_REQUESTS
