"""The model reads: list, count, one model (spec 1.3, 1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.counts import counts
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.domain.policy import visibility
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.errors import NotFound


@dataclass(frozen=True, slots=True)
class ModelPage:
    """One page of models, with the total over all pages and where the next one starts (None on the last)."""

    rows: list[Row]
    total: int
    next_offset: int | None
    limit: int | None


def list_models(catalogue: Snapshot, values: Mapping[str, Any], now: float, region: str | None = None) -> ModelPage:
    """Return the public models that pass the filters, sorted and paged.

    `values` are read parameters (`query.read`), `region` that of the host asked, `now` Unix seconds.
    """
    return _page(catalogue, query.select(catalogue.index, values, now, region))


def list_user_models(catalogue: Snapshot, policy: Policy, values: Mapping[str, Any], now: float) -> ModelPage:
    """Return the models that a policy shows and that pass the filters, sorted and paged (spec 1.4, 5.5).

    Filters on endpoints count those that the policy lets pass. The region is the policy's.
    """
    return _page(catalogue, query.select(catalogue.index, values, now, None, visibility.visible(catalogue, policy)))


def list_allowed(
    catalogue: Snapshot, values: Mapping[str, Any], now: float, region: str | None, allowed: Allowed | None
) -> ModelPage:
    """Return the models among those allowed (None: the public ones) that pass the filters, sorted and paged."""
    return _page(catalogue, query.select(catalogue.index, values, now, region, allowed))


def count_choices(
    catalogue: Snapshot, values: Mapping[str, Any], now: float, region: str | None, allowed: Allowed | None
) -> dict[str, dict[str, int]]:
    """Return how many of those models each choice of each filter would leave."""
    return counts(catalogue.index, values, now, region, allowed)


def get_model(catalogue: Snapshot, slug: str, viewer: Viewer | None = None) -> Row:
    """Return the row that a slug leads to, through variants, aliases and canonical slugs (spec 4.2).

    `viewer` are the ids of whoever asks, None for the public. Raises `NotFound`, for what is hidden from
    them too.
    """
    row = catalogue.find(slug, viewer)
    if row is None:
        raise NotFound
    return row


def _page(catalogue: Snapshot, selection: query.Selection) -> ModelPage:
    rows = [catalogue.rows[position] for position in selection.positions]
    return ModelPage(rows, selection.total, selection.next_offset, selection.limit)
