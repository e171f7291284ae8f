"""Sends an answer that is still being made: event by event, and stops making it when the caller has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass
from types import CoroutineType

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
    """An answer in pieces, each ready to be sent as it is; closing `pieces` early means that nobody listens.

    `alive` is sent between pieces whenever there has been none for so many seconds.
    """

    pieces: AsyncGenerator[bytes, None]
    presence: Presence
    headers: tuple[Header, ...] = ()
    alive: tuple[bytes, float] | None = None


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
    turn = _Turn(stream.alive, send)
    try:
        await turn.send(first)
        async for piece in stream.pieces:
            await turn.send(piece)
        await turn.sent()
    finally:
        turn.end()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Turn:
    """Sends pieces, and something else when none has come for a while: never two at once.

    granian sends when it is asked to, and what it returns asks again and again, in each turn of the loop, whether it is
    done: half of all that a token cost. So a piece is waited for when the next one is there, which is late enough for a
    caller who takes them slowly to be felt. A coroutine begins only when it is awaited.

    One timer for a whole stream, which looks when it is due for how long there has been silence.
    """

    def __init__(self, alive: tuple[bytes, float] | None, send: Send) -> None:
        self._send = send
        self._alive, self._seconds = alive or (b"", 0.0)
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._busy = False
        self._under_way: Awaitable[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._timer = None if alive is None else self._loop.call_later(self._seconds, self._look)

    async def send(self, piece: bytes) -> None:
        """Send the next piece."""
        if self._sending is not None:
            await asyncio.wait({self._sending})
        self._busy = True
        await self.sent()
        under_way = self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if isinstance(under_way, CoroutineType):
            await under_way
        else:
            self._under_way = under_way
        self._busy, self._last = False, self._loop.time()

    async def sent(self) -> None:
        """Return when the last piece is out of our hands."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            await under_way

    def end(self) -> None:
        """Send nothing of its own any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            self._sending.cancel()

    def _look(self) -> None:
        due = self._last + self._seconds
        if self._busy or self._sending is not None:
            due = self._loop.time() + self._seconds
        elif self._loop.time() >= due:
            self._sending = self._loop.create_task(self._say())
            due += self._seconds
        self._timer = self._loop.call_at(due, self._look)

    async def _say(self) -> None:
        try:
            await self.sent()
            await self._send({"type": "http.response.body", "body": self._alive, "more_body": True})
            self._last = self._loop.time()
        finally:
            self._sending = None
