"""Sends an answer that is still being made: event by event, and stops making it when the caller has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from trunkline.server.http.head import Header, lines
from trunkline.server.http.sending import Sender

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
    headers: tuple[Header, ...] = ()
    alive: tuple[bytes, float] | None = None


async def send_stream(stream: Stream, sender: Sender) -> None:
    """Send a stream to its end, or close it as soon as the caller goes away. Call it in a task of its own."""
    # The first piece is there already, or nearly: a generator that has not begun could not be closed either.
    first = await anext(stream.pieces, b"")
    task = asyncio.current_task()
    assert task is not None

    def leave(_: object) -> None:
        task.cancel()

    left = sender.presence.left
    left.add_done_callback(leave)
    silence = None if stream.alive is None else _Silence(sender, *stream.alive)
    try:
        sender.begin(200, lines((*EVENT_STREAM, *stream.headers)), measured=False)
        if first:
            sender.piece(first)
        async for piece in stream.pieces:
            sender.piece(piece)
            if silence is not None:
                silence.broken()
            if (drained := sender.drained) is not None:
                await drained
        sender.end()
    except asyncio.CancelledError:
        if not sender.presence.gone():
            raise
        task.uncancel()
    finally:
        left.remove_done_callback(leave)
        if silence is not None:
            silence.end()
        await stream.pieces.aclose()


class _Silence:
    """Says something when a stream has said nothing for a while: one timer, which looks when it is due."""

    def __init__(self, sender: Sender, said: bytes, seconds: float) -> None:
        self._sender, self._said, self._seconds = sender, said, seconds
        self._loop = asyncio.get_running_loop()
        self.broken()
        self._timer = self._loop.call_later(seconds, self._look)

    def broken(self) -> None:
        """Note that something was said."""
        self._last = self._loop.time()

    def end(self) -> None:
        """Say nothing any more."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        if now >= self._last + self._seconds:
            # Whoever takes nothing needs no more of it.
            if self._sender.drained is None:
                self._sender.piece(self._said)
            self._last = now
        self._timer = self._loop.call_at(self._last + self._seconds, self._look)
