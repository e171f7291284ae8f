"""Whether an endpoint is well: outage, degraded or down (spec gateway 3.5, constants of appendix B)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from trunkline.server.domain.routing.statistics import EndpointStatistics

OUTAGE_FAILURES: Final = 2
OUTAGE_SHARE: Final = 0.5
UPTIME_REQUESTS: Final = 100
DEGRADED_BELOW: Final = 95.0
DOWN_BELOW: Final = 80.0


class Health(IntEnum):
    """Classes in the order in which they are tried; the price decides inside each."""

    STABLE = 0
    SHAKY = 1
    """In outage, or degraded."""
    DOWN = 2


def in_outage(seen: EndpointStatistics, now: float) -> bool:
    """Tell whether an endpoint is failing right now (Unix seconds): half its last attempts, or asked for a pause."""
    failures = seen.failures_30s
    return seen.cooling_until > now or (failures >= OUTAGE_FAILURES and failures >= OUTAGE_SHARE * seen.attempts_30s)


def classify(seen: EndpointStatistics, now: float) -> Health:
    """Return the class of an endpoint at a Unix time. Under 100 requests uptime says nothing."""
    if seen.uptime_30m is not None and seen.uptime_30m < DEGRADED_BELOW and seen.requests_30m >= UPTIME_REQUESTS:
        return Health.DOWN if seen.uptime_30m < DOWN_BELOW else Health.SHAKY
    return Health.SHAKY if in_outage(seen, now) else Health.STABLE
