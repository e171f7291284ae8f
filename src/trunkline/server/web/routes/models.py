"""`/models`: the list that people search, filter and sort."""

from __future__ import annotations

from urllib.parse import urlencode

from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import models
from trunkline.server.web import listing
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.rows import rows_of
from trunkline.server.web.visit import Visit

ROWS = 50
"""Models of a page."""
NEWEST = "newest"
"""The order when none is asked for: that of the catalogue."""
HEADS = {
    "prompt": "pricing-low-to-high",
    "context": "context-high-to-low",
    "speed": "throughput-high-to-low",
    "intelligence": "intelligence-high-to-low",
    "created": NEWEST,
}
"""Columns whose head sorts by them."""


def _list(visit: Visit) -> Answer:
    asked, now = listing.read(visit), visit.context.clock()
    values = {"offset": 0, **asked.values, "limit": ROWS}
    offset = values["offset"]
    found = models.list_allowed(asked.catalogue, values, now, visit.request.region, asked.allowed)
    return visit.render(
        "models.html",
        block="results",
        **asked.form(visit),
        sorts={name: name.replace("-", " ").capitalize() for name in SORTS},
        sort=values.get("sort", NEWEST),
        heads={column: _address(visit, sort=sort) for column, sort in HEADS.items()},
        ordered_by=HEADS,
        total=found.total,
        first=min(offset, found.total) + 1,
        last=min(offset + ROWS, found.total),
        previous=_address(visit, offset=max(0, offset - ROWS)) if offset else "",
        following="" if found.next_offset is None else _address(visit, offset=found.next_offset),
        lines=rows_of(
            asked.catalogue, found.rows, now, measured=visit.who is not None, reasons=asked.reasons(found.rows)
        ),
    )


def _address(visit: Visit, **changed: object) -> str:
    """Return this list's address with another sort or page; the first page is not spelled out."""
    kept = [pair for pair in visit.pairs if pair[0] not in changed and pair[0] != "offset"]
    kept += [(name, str(value)) for name, value in changed.items() if value]
    return f"/models?{urlencode(kept)}" if kept else "/models"


PAGES = (Page("/models", _list, entry=Entry.ANYBODY, menu="Models"),)
