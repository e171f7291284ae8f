"""Request bodies: read whole, never beyond the limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from trunkline.server.errors import BadRequest, Issue, PayloadTooLarge

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Return the body of a request.

    Raises `PayloadTooLarge` by its stated length, or where none is stated as soon as it gets there;
    `BadRequest` for a length that is no number.
    """
    stated = headers.get(b"content-length", b"0")
    if not stated.isdigit():
        raise BadRequest(issues=[Issue("content-length", "expected a number of bytes")])
    if int(stated) > limit:
        raise PayloadTooLarge
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        part = message.get("body") or b""
        size += len(part)
        if size > limit:
            raise PayloadTooLarge
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)
