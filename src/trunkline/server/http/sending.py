"""Sends an answer by ASGI: conditional requests, HEAD, and bodies in pieces as fast as they are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from trunkline.server.http.answer import Encoded, Pieces
from trunkline.server.http.coding import CODINGS

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def send_answer(made: Encoded, method: str, headers: Mapping[bytes, bytes], send: Send) -> None:
    """Send an encoded answer, or 304 where the caller has it already (RFC 9110, 13.1.2)."""
    if made.tag and (wanted := headers.get(b"if-none-match")) is not None and _matches(wanted, made.tag):
        await send({"type": "http.response.start", "status": 304, "headers": made.unchanged_headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": made.status, "headers": made.headers})
    body = b"" if method == "HEAD" else made.body
    if isinstance(body, Pieces):
        await _send_pieces(body, made.coding, send)
    else:
        await send({"type": "http.response.body", "body": body})


async def _send_pieces(body: Pieces, coding: bytes, send: Send) -> None:
    # Each piece is put together and compressed in a thread, and the next one only when this one is on its way.
    pieces = CODINGS[coding].pieces(body) if coding else iter(body)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _matches(wanted: bytes, tag: bytes) -> bool:
    if wanted == tag or wanted.strip() == b"*":
        return True
    return tag in (part.strip().removeprefix(b"W/") for part in wanted.split(b","))
