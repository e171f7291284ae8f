"""Model lists as JSON bytes, put together from rows that are encoded already."""

from __future__ import annotations

import msgspec

from trunkline.server.http.request import Request
from trunkline.server.usecases.models import ModelPage


def list_body(page: ModelPage, request: Request) -> bytes:
    """Return the body of a model list: `{data, total_count, links: {next}}` (spec 2.1)."""
    following = msgspec.json.encode(next_link(page, request))
    rows = b",".join([row.body for row in page.rows])
    return b'{"data":[%b],"total_count":%d,"links":{"next":%b}}' % (rows, page.total, following)


def next_link(page: ModelPage, request: Request) -> str | None:
    """Return the relative URL of the next page: the request's own query, then the new offset and limit (spec 3.3)."""
    if page.next_offset is None:
        return None
    kept = [
        pair
        for pair in request.query.decode("ascii", "replace").split("&")
        if pair and pair.partition("=")[0] not in ("offset", "limit")
    ]
    query = "&".join([*kept, f"offset={page.next_offset}&limit={page.limit}"])
    return f"{request.path.removesuffix(b'/').decode('ascii', 'replace')}?{query}"
