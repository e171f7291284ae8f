"""Models as points: what two figures of every model in a filtered list say of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec
import numpy as np

from trunkline.server.domain.catalog import query, slugs
from trunkline.server.domain.catalog.columns import Mask
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.index import NOTHING_MEASURED
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Snapshot

MOST: Final = 600
"""Points of a chart; more could neither be seen nor pointed at."""


class _Named(msgspec.Struct):
    name: str


_DECODER: Final = msgspec.json.Decoder(_Named)


@dataclass(frozen=True, slots=True)
class Figure:
    """One axis: `log` where it grows by factors. `better` is 1 where more is better, -1 where less is.

    `known` are the rows that have it, and `read` what one of them has.
    """

    title: str
    unit: str
    log: bool
    better: int
    known: Callable[[Snapshot], Mask]
    read: Callable[[Snapshot, int], Any]
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One model with both figures, exact as far as they are stated."""

    id: str
    name: str
    author: str
    x: Decimal | float
    y: Decimal | float


def _has(*names: str) -> Callable[[Snapshot], Mask]:
    """Return a finder of the rows with a value in all of some columns, without reading the rows themselves."""
    return lambda catalogue: np.logical_and.reduce([catalogue.index.columns[name].codes >= 0 for name in names])


def _value(name: str) -> Callable[[Snapshot, int], Any]:
    def read(catalogue: Snapshot, position: int) -> Any:
        column = catalogue.index.columns[name]
        return column.distinct[column.codes[position]]

    return read


_prompt, _completion = _value("prompt"), _value("completion")


def _price(catalogue: Snapshot, position: int) -> Decimal:
    mean: Decimal = (_prompt(catalogue, position) + _completion(catalogue, position)) * 500_000
    return mean


def _measured(catalogue: Snapshot) -> Mask:
    mask = np.zeros(catalogue.index.size, np.bool_)
    mask[[position for position, found in catalogue.learned.models.items() if found.throughput_p50]] = True
    mask[[position for position, row in enumerate(catalogue.rows) if any(map(_throughput, row.endpoints))]] = True
    return mask


def _speed(catalogue: Snapshot, position: int) -> float:
    learned = catalogue.learned.models.get(position, NOTHING_MEASURED).throughput_p50
    return learned or max(filter(None, map(_throughput, catalogue.rows[position].endpoints)))


def _throughput(endpoint: Endpoint) -> float | None:
    stated = endpoint.wire.get("throughput_last_30m")
    return stated["p50"] if stated else None


FIGURES: Final = {
    "price": Figure(
        "Price",
        "USD per million tokens, mean of prompt and completion",
        log=True,
        better=-1,
        known=_has("prompt", "completion"),
        read=_price,
    ),
    "intelligence": Figure(
        "Intelligence",
        "Artificial Analysis index",
        log=False,
        better=1,
        known=_has("intelligence_index"),
        read=_value("intelligence_index"),
    ),
    "speed": Figure(
        "Speed", "tokens per second, recent median", log=True, better=1, known=_measured, read=_speed, measured=True
    ),
    "context": Figure(
        "Context", "tokens", log=True, better=1, known=_has("context_length"), read=_value("context_length")
    ),
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
    unpaged = {name: value for name, value in values.items() if name not in {"offset", "limit"}}
    listed = np.array(query.select(catalogue.index, unpaged, now, region, allowed).positions, np.intp)
    both = listed[(right.known(catalogue) & up.known(catalogue))[listed]].tolist()
    found = []
    for position in both[:MOST]:
        row = catalogue.rows[position]
        name = _DECODER.decode(row.body).name
        x, y = right.read(catalogue, position), up.read(catalogue, position)
        found.append(Point(row.id, name, slugs.author(row.id), x, y))
    return found, len(both), len(listed) - len(both)


def frontier(found: list[Point], chart: str) -> list[Point]:
    """Return the points that no other beats on both figures, from left to right."""
    right, up = (FIGURES[name] for name in PAIRS[chart])
    best: list[Point] = []
    for point in sorted(found, key=lambda point: (-right.better * float(point.x), -up.better * float(point.y))):
        if not best or up.better * float(point.y) > up.better * float(best[-1].y):
            best.append(point)
    return sorted(best, key=lambda point: float(point.x))
