"""The model reads: list, count, one model (spec 1.3, 1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.errors import NotFound


@dataclass(frozen=True, slots=True)
class ModelPage:
    """One page of models, with the total over all pages and where the next one starts (None on the last)."""

    rows: list[Row]
    total: int
    next_offset: int | None
    limit: int | None


def list_models(catalogue: Snapshot, values: Mapping[str, Any], now: float, region: str | None = None) -> ModelPage:
    """Return the models that pass the filters, sorted and paged.

    `values` are read parameters (`query.read`), `region` that of the host asked, `now` Unix seconds.
    """
    selection = query.select(catalogue.index, values, now, region)
    rows = [catalogue.rows[position] for position in selection.positions]
    return ModelPage(rows, selection.total, selection.next_offset, selection.limit)


def count_models(catalogue: Snapshot, values: Mapping[str, Any], now: float, region: str | None = None) -> int:
    """Return how many models `list_models` would list with the same values."""
    return int(query.matches(catalogue.index, values, now, region).sum())


def get_model(catalogue: Snapshot, slug: str) -> Row:
    """Return the row that a slug leads to, through variants, aliases and canonical slugs (spec 4.2).

    Raises `NotFound`.
    """
    row = catalogue.find(slug)
    if row is None:
        raise NotFound
    return row
