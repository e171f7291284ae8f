"""A list request: read from its parameters, then answered from an index (spec 1.3, 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.columns import Mask
from trunkline.server.domain.catalog.filters import FILTERS, Filter
from trunkline.server.domain.catalog.index import Index
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.errors import BadRequest, Issue

PAGE = 500
"""Rows of a page when only `offset` is given."""
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter that does not filter: how it is read, its JSON Schema and its meaning."""

    name: str
    read: parsers.Reader
    schema: dict[str, Any]
    meaning: str
    listed: bool = False
    required: bool = False


OFFSET = Parameter(
    "offset",
    parsers.integer(0, nullable=True),
    {"type": ["integer", "null"], "minimum": 0, "default": 0},
    "Rows to skip.",
)
LIMIT = Parameter(
    "limit",
    parsers.integer(1, LARGEST_PAGE),
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
    f"Rows of a page, {PAGE} when only `offset` is given; without either, the whole list is one page.",
)
SORT = Parameter(
    "sort",
    parsers.one_of(tuple(SORTS)),
    {"type": "string", "enum": list(SORTS), "examples": ["newest"]},
    "Order of the rows; newest first when absent. Rows without a value for the order come last. "
    + " ".join(f"`{sort.name}`: {sort.meaning}" for sort in SORTS.values()),
)
RSS = Parameter("use_rss", parsers.text, {"type": "string", "examples": ["true"]}, "`true` answers with an RSS feed.")
RSS_CHAT_LINKS = Parameter(
    "use_rss_chat_links",
    parsers.text,
    {"type": "string", "examples": ["true"]},
    "`true` makes the feed's items link to the chat page.",
)
PAGING = (OFFSET, LIMIT)
MODEL_LIST: tuple[Parameter | Filter, ...] = (*PAGING, SORT, *FILTERS.values(), RSS, RSS_CHAT_LINKS)
"""The parameters of `GET /models`, in the order of the documentation."""
USER_LIST: tuple[Parameter | Filter, ...] = (*PAGING, SORT, *FILTERS.values())
"""The parameters of `GET /models/user`: those of the full list, without feeds."""
COUNT = (FILTERS["output_modalities"],)
"""The parameters of `GET /models/count`."""


def read(pairs: Iterable[tuple[str, str]], accepted: Sequence[Parameter | Filter]) -> dict[str, Any]:
    """Read decoded query pairs into values by parameter name; absent and unknown ones are left out.

    A repeated list is joined, of a repeated scalar the last value counts (spec 1.1).
    Raises `BadRequest` with an issue for every wrong parameter.
    """
    rows = {row.name: row for row in accepted}
    texts: dict[str, str] = {}
    for name, value in pairs:
        if name in rows:
            texts[name] = f"{texts[name]},{value}" if rows[name].listed and name in texts else value
    values: dict[str, Any] = {}
    issues: list[Issue] = []
    for name, text in texts.items():
        try:
            value = rows[name].read(text)
        except parsers.Refused as refusal:
            issues.append(Issue(name, f"expected {refusal}"))
            continue
        if value is not None:
            values[name] = value
    needed = {row.name for row in accepted if isinstance(row, Parameter) and row.required}
    issues += [Issue(name, "is required") for name in needed - values.keys() - {issue.path for issue in issues}]
    if issues:
        raise BadRequest(issues=issues)
    return values


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer to a list request: the page's row positions and how many rows passed in all."""

    positions: Sequence[int]
    total: int
    offset: int
    limit: int | None

    @property
    def next_offset(self) -> int | None:
        """Where the next page starts, None when this is the last one."""
        if self.limit is None or self.offset + self.limit >= self.total:
            return None
        return self.offset + self.limit


@dataclass(frozen=True, slots=True)
class Allowed:
    """What somebody may see of an index: rows, and lines of its table of endpoints."""

    rows: Mask
    lines: Mask


def matches(
    index: Index, values: Mapping[str, Any], now: float, region: str | None = None, allowed: Allowed | None = None
) -> Mask:
    """Return the rows that pass every filter among `values`; `region` is that of the host asked (spec 3.2).

    Without `allowed` they are the public ones. Filters on endpoints and `allowed` must hold on one
    and the same endpoint.
    """
    mask = (index.public if allowed is None else allowed.rows).copy()
    seen = index.offers.public if allowed is None else allowed.lines
    lines: Mask | None = None if region is None else seen & index.offers.region[region]
    for name, filter_ in FILTERS.items():
        value = values.get(name, filter_.default)
        if value is None or value == ():
            continue
        if filter_.offers is not None:
            passing = filter_.offers(index.offers, value)
            lines = (seen if lines is None else lines) & passing
        elif filter_.rows is not None:
            mask &= filter_.rows(index, value, now)
    if lines is not None:
        mask &= index.offers.rows_of(lines)
    return mask


def select(
    index: Index, values: Mapping[str, Any], now: float, region: str | None = None, allowed: Allowed | None = None
) -> Selection:
    """Answer a list request from values that `read` returned, of all that is public or else `allowed`."""
    mask = matches(index, values, now, region, allowed)
    order = index.orders.get(values.get("sort", ""))
    found = np.flatnonzero(mask) if order is None else order[mask[order]]
    offset: int = values.get("offset", 0)
    limit: int | None = values.get("limit", PAGE if "offset" in values else None)
    page = found[offset:] if limit is None else found[offset : offset + limit]
    return Selection(page.tolist(), len(found), offset, limit)


def changes_with_time(values: Mapping[str, Any]) -> bool:
    """Tell whether the answer may change while the catalogue stays as it is."""
    return any(FILTERS[name].ages for name in values if name in FILTERS)
