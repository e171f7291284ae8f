"""Sends an answer that is still being made: event by event, and stops making it when the caller has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from trunkline.server.http.answer import Header
from trunkline.server.http.presence import Presence
from trunkline.server.http.sending import Send

EVENT_STREAM: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
"""Never compressed, never buffered by a proxy (spec gateway 2.3)."""


@dataclass(slots=True)
class Stream:
    """An answer in pieces, each ready to be sent as it is; closing `pieces` early means that nobody listens."""

    pieces: AsyncGenerator[bytes, None]
    presence: Presence
    headers: tuple[Header, ...] = ()


async def send_stream(stream: Stream, send: Send) -> None:
    """Send a stream to its end, or close it as soon as the caller goes away."""
    # The first piece is there already, or nearly: a generator that has not begun could not be closed either.
    first = await anext(stream.pieces, b"")
    sending = asyncio.ensure_future(_send(stream, first, send))
    try:
        await asyncio.wait({sending, stream.presence.left}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        await asyncio.wait({sending})
        await stream.pieces.aclose()
        gone = stream.presence.gone()
        stream.presence.close()
    if not gone and not sending.cancelled():
        sending.result()


async def _send(stream: Stream, first: bytes, send: Send) -> None:
    headers = [*EVENT_STREAM, *stream.headers]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": first, "more_body": True})
    async for piece in stream.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
