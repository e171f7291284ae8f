"""Sends an answer by ASGI: conditional requests, HEAD, and nothing else to decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from trunkline.server.http.answer import Answer

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def send_answer(answer: Answer, method: str, headers: Mapping[bytes, bytes], coding: bytes, send: Send) -> None:
    """Send an answer in a content coding, or 304 where the caller has it already (RFC 9110, 13.1.2)."""
    made = answer.ready(coding)
    wanted = headers.get(b"if-none-match")
    if wanted is not None and made.tag and _matches(wanted, made.tag):
        await send({"type": "http.response.start", "status": 304, "headers": made.unchanged_headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": made.headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else made.body})


def _matches(wanted: bytes, tag: bytes) -> bool:
    if wanted == tag or wanted.strip() == b"*":
        return True
    return tag in (part.strip().removeprefix(b"W/") for part in wanted.split(b","))
