"""Where the next page of a list begins."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

LARGEST = 1000
"""The most models a page may have."""


def following(data: dict[str, Any], query: dict[str, Any]) -> dict[str, int] | None:
    """Return `offset` and `limit` of the page after `data`, None after the last; `query` asked for this one.

    Of the server's link only the two numbers are taken: the address stays the client's own.
    """
    if "links" in data:
        link = (data["links"] or {}).get("next")
        return _numbers(link) if link else None
    # Servers before paging, and those that count but do not link: a short page is the last.
    limit = query.get("limit")
    if not isinstance(limit, int) or len(data["data"]) < limit or not data["data"]:
        return None
    offset = query.get("offset")
    return {"offset": (offset if isinstance(offset, int) else 0) + len(data["data"]), "limit": limit}


def _numbers(link: str) -> dict[str, int] | None:
    asked = parse_qs(urlsplit(link).query)
    try:
        offset, limit = int(asked["offset"][-1]), int(asked["limit"][-1])
    except (KeyError, ValueError):
        return None
    return {"offset": offset, "limit": limit} if offset > 0 and 0 < limit <= LARGEST else None
