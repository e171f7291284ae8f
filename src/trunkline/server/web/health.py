"""Providers as traffic has found them: their endpoints' recent past, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.domain.routing.statistics import EndpointStatistics, Statistics


@dataclass(frozen=True, slots=True)
class Seen:
    """One endpoint with recent calls: `rests` is for how many seconds from now it is left alone, 0 for none."""

    model: str
    tag: str
    statistics: EndpointStatistics
    rests: int


@dataclass(frozen=True, slots=True)
class Health:
    """One provider with recent calls. `busiest` is the endpoint with most requests of the last half hour."""

    slug: str
    name: str
    endpoints: tuple[Seen, ...]

    @property
    def busiest(self) -> Seen:
        """The endpoint that most is known of."""
        return max(self.endpoints, key=lambda seen: (seen.statistics.requests_30m, seen.model))

    @property
    def requests(self) -> int:
        """Requests of the last 30 minutes."""
        return sum(seen.statistics.requests_30m for seen in self.endpoints)

    @property
    def resting(self) -> int:
        """Endpoints that are left alone now."""
        return sum(seen.rests > 0 for seen in self.endpoints)

    @property
    def uptime(self) -> float | None:
        """Percent over 30 minutes, each endpoint by its requests; None under the smallest sample."""
        return _weighted(self.endpoints, "uptime_30m")

    @property
    def uptime_1d(self) -> float | None:
        """Percent over a day of its worst endpoint, None under the smallest sample."""
        known = [seen.statistics.uptime_1d for seen in self.endpoints if seen.statistics.uptime_1d is not None]
        return min(known, default=None)


def health(statistics: Statistics, catalogue: Snapshot, viewer: Viewer, now: float) -> list[Health]:
    """Return the providers with recent calls, those in trouble first, then by requests.

    What is private to others than `viewer` is left out.
    """
    names = {row["slug"]: row["name"] for row in catalogue.providers}
    by_slug: dict[str, list[Seen]] = {}
    for key, found in statistics.items():
        model, _, rest = key.partition(" ")
        tag = rest.rpartition(" ")[0]
        rests = max(0, round(found.cooling_until - now))
        row = catalogue.find(model, viewer)
        if row is not None and any(endpoint.key == key for endpoint in row.endpoints):
            by_slug.setdefault(tag.partition("/")[0], []).append(Seen(model, tag, found, rests))
    made = [
        Health(slug, names.get(slug, slug), tuple(sorted(rows, key=lambda seen: (seen.model, seen.tag))))
        for slug, rows in by_slug.items()
    ]
    return sorted(made, key=lambda one: (-one.resting, _known(one.uptime), -one.requests, one.name))


def _known(uptime: float | None) -> float:
    return 101.0 if uptime is None else uptime


def _weighted(endpoints: Iterable[Seen], name: str) -> float | None:
    known = [
        (value, seen.statistics.requests_30m or 1)
        for seen in endpoints
        if (value := getattr(seen.statistics, name)) is not None
    ]
    weight = sum(requests for _, requests in known)
    return sum(value * requests for value, requests in known) / weight if weight else None
