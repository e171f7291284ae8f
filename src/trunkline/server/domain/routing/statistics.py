"""What traffic has taught about endpoints, as routing and the catalogue read it (spec gateway 3.5, 3.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """p50 to p99 of a sample: latency in ms to the first token, throughput in tokens per second.

    For throughput pX is what X percent of the requests reach or exceed, so p99 is the lowest.
    """

    p50: float
    p75: float
    p90: float
    p99: float
    samples: int


@dataclass(frozen=True, slots=True)
class EndpointStatistics:
    """One endpoint's recent past. Windows: `recent` 5 minutes, widened where samples are few (3.10).

    Uptimes in percent, None under the smallest sample; `cooling_until` is a Unix time; `requests_30m`
    and `tool_requests_2h` are the sample sizes of exacto; `tool_success` a share of 0 to 1.
    """

    latency: Percentiles | None = None
    throughput: Percentiles | None = None
    latency_30m: Percentiles | None = None
    throughput_30m: Percentiles | None = None
    uptime_5m: float | None = None
    uptime_30m: float | None = None
    uptime_1d: float | None = None
    requests_30m: int = 0
    tool_requests_2h: int = 0
    tool_success: float | None = None
    failures_30s: int = 0
    attempts_30s: int = 0
    cooling_until: float = 0.0


UNKNOWN = EndpointStatistics()
Statistics = Mapping[str, EndpointStatistics]
"""By the endpoint's key (`domain.catalog.facts`: `<model id> <tag> <n>`)."""
