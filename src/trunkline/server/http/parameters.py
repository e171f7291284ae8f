"""The query parameters of the management lists (spec 1.7)."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

from trunkline.server.domain.catalog import parsers, query
from trunkline.server.domain.catalog.query import Parameter

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
SMALLEST_PAGE, LARGEST_PAGE, PAGE = 1, 100, 50


def _uuid(text: str) -> UUID | None:
    text = text.strip()
    try:
        value = UUID(text) if text else None
    except ValueError:
        raise parsers.Refused("a UUID") from None
    if value is not None and str(value) != text.lower():
        raise parsers.Refused("a UUID")
    return value


def _flag(text: str) -> bool | None:
    text = text.strip()
    if text not in {"true", "false", ""}:
        raise parsers.Refused("true or false")
    return {"true": True, "false": False}.get(text)


def flag(name: str, meaning: str) -> Parameter:
    """Return a parameter that is `true` or `false`, false when absent."""
    return Parameter(name, _flag, {"type": "boolean", "default": False}, meaning)


def _date(text: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise parsers.Refused("a day as YYYY-MM-DD")


def day(name: str, meaning: str) -> Parameter:
    """Return a parameter that is a day in UTC."""
    return Parameter(name, _date, {"type": "string", "format": "date", "examples": ["2026-05-11"]}, meaning)


LIMIT = Parameter(
    "limit",
    parsers.integer(SMALLEST_PAGE, LARGEST_PAGE),
    {"type": "integer", "minimum": SMALLEST_PAGE, "maximum": LARGEST_PAGE, "default": PAGE},
    "Rows of a page.",
)
PAGING = (query.OFFSET, LIMIT)
WORKSPACE = Parameter("workspace_id", _uuid, {"type": "string", "format": "uuid"}, "Only those of this workspace.")
PROVIDER = Parameter(
    "provider", parsers.text, {"type": "string", "examples": ["openai"]}, "Only those for this provider."
)
