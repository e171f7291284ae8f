"""`/costs`: what a month of use would cost on every listed model."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.month import Usage
from trunkline.server.domain.catalog.parsers import Reader
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import months
from trunkline.server.web import listing
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.rows import rows_of
from trunkline.server.web.visit import Visit

ROWS: Final = 50
LARGEST: Final = 10**15
"""Tokens, or requests, that a month may have."""
AMOUNTS: Final[dict[str, tuple[str, str, Reader]]] = {
    "tokens_in": ("Tokens in", "3000000", parsers.integer(0, LARGEST, nullable=True)),
    "tokens_out": ("Tokens out", "500000", parsers.integer(0, LARGEST, nullable=True)),
    "cached": ("Cached, %", "40", parsers.number(0, 100)),
    "requests": ("Requests", "0", parsers.integer(0, LARGEST, nullable=True)),
}
"""The fields of a month: title, what they are at first, how they are read."""


def _costs(visit: Visit) -> Answer:
    asked, now = listing.read(visit), visit.context.clock()
    usage, texts = _usage(dict(visit.pairs))
    offset = asked.values.get("offset", 0)
    bills, unknown = months.bills(asked.catalogue, asked.values, usage, now, visit.request.region, asked.allowed)
    page = bills[offset : offset + ROWS]
    lines = rows_of(asked.catalogue, [bill.row for bill in page], now, measured=visit.who is not None)
    dearest = max((bill.cost.total for bill in page), default=Decimal(0))
    return visit.render(
        "costs.html",
        block="results",
        **asked.form(visit),
        amounts=[(name, title, texts[name]) for name, (title, _, _) in AMOUNTS.items()],
        usage=usage,
        bills=list(zip(page, lines, strict=True)),
        dearest=dearest or Decimal(1),
        total=len(bills),
        unknown=unknown,
        first=min(offset, len(bills)) + 1,
        last=min(offset + ROWS, len(bills)),
        previous=_address(visit, max(0, offset - ROWS)) if offset else "",
        following=_address(visit, offset + ROWS) if offset + ROWS < len(bills) else "",
    )


def _usage(asked: Mapping[str, str]) -> tuple[Usage, dict[str, str]]:
    """Read the month, and return it with the texts of its fields. Raises `BadRequest`."""
    texts, values, issues = {}, {}, []
    for name, (_, usual, read) in AMOUNTS.items():
        texts[name] = asked.get(name, usual)
        try:
            values[name] = read(texts[name]) or 0
        except parsers.Refused as refusal:
            issues.append(Issue(name, f"expected {refusal}"))
    if issues:
        raise BadRequest(issues=issues)
    numbers: dict[str, Any] = values
    usage = Usage(numbers["tokens_in"], numbers["tokens_out"], Decimal(numbers["cached"]), numbers["requests"])
    return usage, texts


def _address(visit: Visit, offset: int) -> str:
    kept = [pair for pair in visit.pairs if pair[0] != "offset"]
    kept += [("offset", str(offset))] if offset else []
    return f"/costs?{urlencode(kept)}" if kept else "/costs"


PAGES = (Page("/costs", _costs, entry=Entry.ANYBODY, menu="Costs"),)
