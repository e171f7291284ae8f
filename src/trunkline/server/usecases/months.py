"""A month of use on every model of a filtered list, cheapest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from trunkline.server.domain.catalog.month import Cost, Usage, cost
from trunkline.server.domain.catalog.pricing import Moment
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.usecases.models import list_allowed


class _Priced(msgspec.Struct):
    pricing: msgspec.Raw


_DECODER: Final = msgspec.json.Decoder(_Priced)
"""Finds the price list alone: a list of 100,000 models has 165 MB of everything else."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a month costs on a model."""

    row: Row
    cost: Cost


def bills(
    catalogue: Snapshot,
    values: Mapping[str, Any],
    usage: Usage,
    now: float,
    region: str | None,
    allowed: Allowed | None,
) -> tuple[list[Bill], int]:
    """Return the bills of all listed models, the cheapest first, and how many models have no known price."""
    moment = Moment.of(now)
    listed = list_allowed(catalogue, {**values, "offset": 0, "limit": None}, now, region, allowed).rows
    costs: dict[bytes, Cost | None] = {}  # many models share one price list, to the byte
    found = []
    for row in listed:
        prices = bytes(_DECODER.decode(row.body).pricing)
        if prices not in costs:
            costs[prices] = cost(msgspec.json.decode(prices), usage, moment)
        if (amount := costs[prices]) is not None:
            found.append(Bill(row, amount))
    found.sort(key=lambda bill: bill.cost.total)
    return found, len(listed) - len(found)
