"""Model lists as JSON bytes, put together from rows that are encoded already."""

from __future__ import annotations

from string import punctuation
from urllib.parse import quote

import msgspec

from trunkline.server.http.answer import Body, listed
from trunkline.server.http.request import Request
from trunkline.server.usecases.models import ModelPage

_AS_SENT = punctuation
"""What stands in a link as the caller wrote it; bytes outside of ASCII are percent-encoded."""


def list_body(page: ModelPage, request: Request) -> Body:
    """Return the body of a model list: `{data, total_count, links: {next}}` (spec 2.1)."""
    following = msgspec.json.encode(next_link(page, request))
    tail = b'],"total_count":%d,"links":{"next":%b}}' % (page.total, following)
    return listed(b'{"data":[', [row.body for row in page.rows], tail)


def next_link(page: ModelPage, request: Request) -> str | None:
    """Return the relative URL of the next page: the request's own query, then the new offset and limit (spec 3.3)."""
    if page.next_offset is None:
        return None
    kept = [
        pair
        for pair in quote(request.query, safe=_AS_SENT).split("&")
        if pair and pair.partition("=")[0] not in ("offset", "limit")
    ]
    query = "&".join([*kept, f"offset={page.next_offset}&limit={page.limit}"])
    return f"{quote(request.path.removesuffix(b'/'), safe=_AS_SENT)}?{query}"
