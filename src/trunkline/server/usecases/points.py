"""Models as points: what two figures of every model in a filtered list say of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from trunkline.server.domain.catalog import pricing
from trunkline.server.domain.catalog.index import NOTHING_MEASURED
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.usecases.models import list_allowed

MOST: Final = 600
"""Points of a chart; more could neither be seen nor pointed at."""


class _Scores(msgspec.Struct):
    intelligence_index: float | None = None


class _Benchmarks(msgspec.Struct):
    artificial_analysis: _Scores | None = None


class _Prices(msgspec.Struct):
    prompt: str | None = None
    completion: str | None = None


class _Looked(msgspec.Struct):
    pricing: _Prices
    name: str
    context_length: int | None = None
    benchmarks: _Benchmarks | None = None


_DECODER: Final = msgspec.json.Decoder(_Looked)


@dataclass(frozen=True, slots=True)
class Figure:
    """One axis: `log` where it grows by factors. `better` is 1 where more is better, -1 where less is."""

    title: str
    unit: str
    log: bool
    better: int
    read: Callable[[Snapshot, Row, _Looked], Decimal | float | None]
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One model with both figures, exact as far as they are stated."""

    id: str
    name: str
    author: str
    x: Decimal | float
    y: Decimal | float


def _price(catalogue: Snapshot, row: Row, model: _Looked) -> Decimal | None:
    prompt, completion = pricing.amount(model.pricing.prompt), pricing.amount(model.pricing.completion)
    return None if prompt is None or completion is None else (prompt + completion) * 500_000


def _speed(catalogue: Snapshot, row: Row, model: _Looked) -> float | None:
    learned = catalogue.learned.models.get(catalogue.positions[row.id], NOTHING_MEASURED).throughput_p50
    stated = [found["p50"] for offer in row.endpoints if (found := offer.wire.get("throughput_last_30m"))]
    return learned or max(stated, default=None)


def _intelligence(catalogue: Snapshot, row: Row, model: _Looked) -> float | None:
    scores = model.benchmarks.artificial_analysis if model.benchmarks else None
    return scores.intelligence_index if scores else None


FIGURES: Final = {
    "price": Figure("Price", "USD per million tokens, mean of prompt and completion", True, -1, _price),
    "intelligence": Figure("Intelligence", "Artificial Analysis index", False, 1, _intelligence),
    "speed": Figure("Speed", "tokens per second, recent median", True, 1, _speed, measured=True),
    "context": Figure("Context", "tokens", True, 1, lambda catalogue, row, model: model.context_length),
}
PAIRS: Final = {
    "intelligence": ("price", "intelligence"),
    "speed": ("price", "speed"),
    "context": ("context", "price"),
}
"""The charts: by name, what goes right and what goes up."""


def points(
    catalogue: Snapshot,
    values: Mapping[str, Any],
    chart: str,
    now: float,
    region: str | None,
    allowed: Allowed | None,
) -> tuple[list[Point], int, int]:
    """Return the points of a chart (at most `MOST`, those that the list's order has first), of how many, and how
    many listed models lack one of the figures.
    """
    right, up = (FIGURES[name] for name in PAIRS[chart])
    listed = list_allowed(catalogue, {**values, "offset": 0, "limit": None}, now, region, allowed).rows
    found: list[Point] = []
    known = 0
    for row in listed:
        model = _DECODER.decode(row.body)
        x, y = right.read(catalogue, row, model), up.read(catalogue, row, model)
        if x is None or y is None:
            continue
        known += 1
        if len(found) < MOST:
            found.append(Point(row.id, model.name, row.id.partition("/")[0], x, y))
    return found, known, len(listed) - known


def frontier(found: list[Point], chart: str) -> list[Point]:
    """Return the points that no other beats on both figures, from left to right."""
    right, up = (FIGURES[name] for name in PAIRS[chart])
    best: list[Point] = []
    for point in sorted(found, key=lambda point: (-right.better * float(point.x), -up.better * float(point.y))):
        if not best or up.better * float(point.y) > up.better * float(best[-1].y):
            best.append(point)
    return sorted(best, key=lambda point: float(point.x))
