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
    length = None
    if (stated := headers.get(b"content-length")) is not None:
        if not stated.isdigit():
            raise BadRequest(issues=[Issue("content-length", "expected a number of bytes")])
        length = int(stated)
        if length > limit:
            raise PayloadTooLarge
    parts: list[bytes] = []
    size, more = 0, True
    # granian tells the end of a body in a message of its own, which takes as long as the body: asked for only where
    # it tells something.
    while more and size != length:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise PayloadTooLarge
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)
