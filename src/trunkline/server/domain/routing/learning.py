"""What traffic teaches the catalogue: figures of endpoints, and of each model the best of them (gateway 3.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from trunkline.server.domain.catalog.index import Learned, Measured
from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles, Statistics

_UPTIMES: Final = {"uptime_last_5m": "uptime_5m", "uptime_last_30m": "uptime_30m", "uptime_last_1d": "uptime_1d"}
_PERCENTILES: Final = {"latency_last_30m": "latency_30m", "throughput_last_30m": "throughput_30m"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where the models of a catalogue stand: positions of rows by permaslug and by the key of their endpoints."""

    rows: Sequence[Row]
    by_permaslug: Mapping[str, tuple[int, ...]]
    by_endpoint: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Places:
        """Look where everything stands. Endpoints that not everybody may know of say nothing about a model."""
        slugs: dict[str, list[int]] = {}
        endpoints: dict[str, list[int]] = {}
        for position, row in enumerate(rows):
            slugs.setdefault(row.standing.permaslug, []).append(position)
            for endpoint in row.endpoints:
                if not endpoint.traits.private_to:
                    endpoints.setdefault(endpoint.key, []).append(position)
        return cls(
            rows,
            {slug: tuple(found) for slug, found in slugs.items()},
            {key: tuple(found) for key, found in endpoints.items()},
        )


def learned(places: Places, statistics: Statistics, tokens: Mapping[str, int]) -> Learned:
    """Return what is known of a catalogue's endpoints and models; `tokens` are those of seven days by permaslug."""
    endpoints: dict[str, Mapping[str, Any]] = {}
    seen: dict[int, list[EndpointStatistics]] = {}
    for key in statistics:
        found = statistics.get(key)
        if found is None:
            continue
        if shown := _shown(found):
            endpoints[key] = shown
        for position in places.by_endpoint.get(key, ()):
            seen.setdefault(position, []).append(found)
    popular = {position: count for slug, count in tokens.items() for position in places.by_permaslug.get(slug, ())}
    models = {
        position: _measured(seen.get(position, ()), popular.get(position)) for position in seen.keys() | popular.keys()
    }
    return Learned(models, endpoints)


def _measured(seen: Sequence[EndpointStatistics], tokens: int | None) -> Measured:
    called = sum(each.tool_requests_2h for each in seen)
    well = sum(each.tool_requests_2h * each.tool_success for each in seen if each.tool_success is not None)
    return Measured(
        latency_p50=min((each.latency.p50 for each in seen if each.latency is not None), default=None),
        throughput_p50=max((each.throughput.p50 for each in seen if each.throughput is not None), default=None),
        tokens_7d=tokens,
        tool_success_rate=Decimal(str(round(well / called, 4))) if called else None,
    )


def _shown(seen: EndpointStatistics) -> dict[str, Any]:
    uptimes = {name: getattr(seen, field) for name, field in _UPTIMES.items()}
    percentiles: dict[str, Percentiles | None] = {name: getattr(seen, field) for name, field in _PERCENTILES.items()}
    return {name: round(value, 3) for name, value in uptimes.items() if value is not None} | {
        name: {mark: round(getattr(value, mark), 3) for mark in ("p50", "p75", "p90", "p99")}
        for name, value in percentiles.items()
        if value is not None
    }
