"""Sends an answer that is still being made: event by event, and stops making it when the caller has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from trunkline.server.http.answer import Header
from trunkline.server.http.body import Receive
from trunkline.server.http.sending import Send

EVENT_STREAM: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)
"""Never compressed, never buffered by a proxy (spec gateway 2.3)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer in pieces, each ready to be sent as it is; closing `pieces` early means that nobody listens."""

    pieces: AsyncGenerator[bytes, None]
    headers: Sequence[Header] = ()
    status: int = 200


async def send_stream(stream: Stream, receive: Receive, send: Send) -> None:
    """Send a stream to its end, or close it as soon as the caller goes away."""
    headers = [*EVENT_STREAM, *stream.headers]
    sending = asyncio.ensure_future(_send(stream, headers, send))
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not sending.done():
            sending.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await sending
        await stream.pieces.aclose()


async def _send(stream: Stream, headers: list[Header], send: Send) -> None:
    await send({"type": "http.response.start", "status": stream.status, "headers": headers})
    async for piece in stream.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
