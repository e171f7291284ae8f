"""One caller's connection: HTTP/1.1 on asyncio, its requests answered one after another (RFC 9112)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from trunkline.server.errors import RequestTimeout, TrunklineError
from trunkline.server.http import head
from trunkline.server.http.answer import Answer, Encoded, Pieces
from trunkline.server.http.presence import Presence
from trunkline.server.http.reader import Reader, Turn
from trunkline.server.http.request import Request
from trunkline.server.http.sending import send_pieces, unchanged
from trunkline.server.http.streaming import Stream, send_stream

if TYPE_CHECKING:
    from trunkline.server.http.listener import Listener

MOST_WAITING: Final = 16
"""Requests that wait for their turn before nothing more is read, which would also tell that a caller has left."""
_TOGETHER: Final = 64 * 1024
"""Bytes of a body that is copied behind its head."""
_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """Has the listener's front answer what its reader reads, in that order, and tells the caller."""

    __slots__ = (
        "_called", "_chunks", "_drained", "_framed", "_front", "_head", "_is_lost", "_is_paused", "_keeps", "_listener",
        "_loop", "_persistence", "_reader", "_request", "_seen", "_send", "_since", "_task", "_transport", "_waiting",
        "presence",
    )  # fmt: skip

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        """Take who keeps the time and has what answers."""
        self.presence = Presence()
        self._listener, self._loop = listener, loop
        self._front, self._send = listener.front, listener.departures.send
        self._reader = Reader(self._arrived, self._front.limit, self.presence)
        self._waiting: deque[Turn] = deque()
        self._is_lost = self._is_paused = False
        self._seen: tuple[str, int] | None = None
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None
        self._called: asyncio.Future[None] | None = None
        # Of the answer under way.
        self._request: Request | None = None
        self._drained: asyncio.Future[None] | None = None
        self._head = self._persistence = b""
        self._keeps = self._chunks = True
        self._framed = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._reader.peer = peer[0] if isinstance(peer, tuple) else None
        self._listener.add(self)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._reader.feed(data)
        if self._reader.expects:
            self._have_continue()

    def connection_lost(self, error: Exception | None) -> None:
        """End: whoever makes an answer for this caller is told."""
        self._is_lost = True
        self._waiting.clear()
        self._reader.close()
        self.presence.leave()
        self.resume_writing()
        if self._task is None:
            self._listener.remove(self)
        else:
            self._call()

    def pause_writing(self) -> None:
        """Wait until the caller has taken what was sent."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Send on."""
        drained, self._drained = self._drained, None
        if drained is not None:
            if not drained.done():
                drained.set_result(None)
            self._go_on()

    # The order of answers.

    def _arrived(self, turn: Turn) -> None:
        # Whoever does not take what is there already is answered no further.
        if self._request is None and self._drained is None:
            self._take(turn)
            return
        self._waiting.append(turn)
        if len(self._waiting) > MOST_WAITING and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _take(self, turn: Turn) -> None:
        what, keeps, version = turn
        kept = None
        if isinstance(what, Request):
            try:
                kept = self._front.kept(what)
            except Exception:  # noqa: BLE001 - a bug is a 500 in the envelope
                _log.exception("request failed", extra=_about(what))
                what, keeps = TrunklineError(), False
        self._keeps = keeps = keeps and version in head.KEEPS and not self._listener.ending
        self._persistence = head.KEEPS[version] if keeps else head.CLOSES
        self._chunks = version == "1.1"
        if isinstance(what, TrunklineError):
            self._answer(self._front.refused(what), None)
            self._linger()
        elif kept is not None:
            self._answer(kept, what)
            self._answered()
        else:
            self._request = what
            self._call()

    def _call(self) -> None:
        # One task for all requests of a connection: one for each would cost it 2 µs.
        if self._task is None:
            self._task = self._loop.create_task(self._work())
        elif self._called is not None:
            called, self._called = self._called, None
            if not called.done():
                called.set_result(None)

    async def _work(self) -> None:
        made: Answer | Encoded | Stream | None
        try:
            while (request := self._request) is not None:
                try:
                    made = await self._front.answer(request)
                    if isinstance(made, Answer):
                        made = made.ready(request.coding)
                except Exception:  # noqa: BLE001 - the last line of defence: a bug is a 500 in the envelope
                    _log.exception("request failed", extra=_about(request))
                    made = self._front.refused(TrunklineError())
                try:
                    if isinstance(made, Stream):
                        await send_stream(made, self)
                    elif isinstance(made.body, Pieces) and not unchanged(made, request):
                        await send_pieces(made, self, request)
                    else:
                        self._answer(made, request)
                except Exception:  # noqa: BLE001 - its head may be gone: the caller has to see that something is missing
                    _log.exception("an answer could not be sent", extra=_about(request))
                    self._transport.abort()
                request = made = None  # nothing of them is kept until the next one comes
                self._next()
                if self._request is not None:
                    await asyncio.sleep(0)  # whoever asks for much at once holds up nobody else
                elif not self._is_lost:
                    self._called = self._loop.create_future()
                    await self._called
        except BaseException:
            self._transport.abort()
            raise
        finally:
            self._task = self._called = self._request = None
            if self._is_lost:
                self._listener.remove(self)

    def _next(self) -> None:
        self._request = None
        self._answered()
        self._go_on()

    def _answered(self) -> None:
        if self._transport.is_closing():
            self._waiting.clear()
        elif not self._keeps:
            self._close()
        elif self._reader.expects:
            self._have_continue()

    def _have_continue(self) -> None:
        # Not before the answers that are due before, and not for a body that is refused already.
        if self._request is None and not self._waiting and not self._reader.over:
            self._reader.expects = False
            self._send(self._loop, self._transport, head.CONTINUE)

    def _go_on(self) -> None:
        while self._waiting and self._request is None and self._drained is None:
            self._take(self._waiting.popleft())
        if self._is_paused and not self._waiting and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    # How it ends.

    def look(self, now: float) -> None:
        """Give up whoever is too late: one look sees where it stands, and a later one whether it stands there still."""
        seen = self._awaited()
        if seen is None or seen != self._seen:
            self._seen, self._since = seen, now
        elif now - self._since >= getattr(self._listener.patience, seen[0]):
            # What has begun behind the last request is never told of, and keeps nobody here.
            if self._reader.under_way and not self._reader.over and self._drained is None:
                self._reader.refuse(RequestTimeout())
            else:
                self._transport.abort()

    def _awaited(self) -> tuple[str, int] | None:
        """Return what its caller is to do, as `Patience` calls it, and a number that changes whenever it does some."""
        reader, unsent = self._reader, self._transport.get_write_buffer_size()
        if self._drained is not None or (unsent and self._transport.is_closing()):
            return "taking", unsent
        if self._request is not None:
            return None
        if reader.over:
            return "lingering", 0
        if reader.under_way:
            return ("head", reader.count) if reader.in_head else ("body", reader.size)
        return ("idle", reader.count) if reader.count else ("head", 0)

    def stop(self) -> None:
        """Take no other request, and close when those that came have been answered."""
        self._keeps, self._persistence = False, head.CLOSES
        # Of a head that has not come whole nothing has been done.
        if self._request is None and (self._reader.in_head or not self._reader.under_way):
            self._close()

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

    def _close(self) -> None:
        self._reader.over = True
        self._waiting.clear()
        self._listener.departures.depart()
        self._transport.close()

    def _linger(self) -> None:
        # What a refused caller still sends is thrown away for a while: to close at once could cost it the refusal.
        self._reader.over = True
        self._waiting.clear()
        self._listener.departures.depart()
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    # What answers are sent by.

    @property
    def drained(self) -> asyncio.Future[None] | None:
        """What to await before more is sent; None where there is no need to wait."""
        return self._drained

    def begin(self, status: int, lines: bytes, *, measured: bool) -> None:
        """Begin an answer in pieces; `measured` is one whose length is among its lines."""
        self._framed = self._chunks and not measured
        if self._framed:
            lines += head.CHUNKED
        elif not measured:
            self._keeps, self._persistence = False, head.CLOSES
        self._head = self._lines(status, lines)

    def piece(self, data: bytes) -> None:
        """Send a piece, which is not empty, of what has begun."""
        if self._framed:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if self._head:
            data, self._head = self._head + data, b""
        self._send(self._loop, self._transport, data)

    def end(self) -> None:
        """End what has begun."""
        rest, self._head = self._head + (b"0\r\n\r\n" if self._framed else b""), b""
        if rest:
            self._send(self._loop, self._transport, rest)

    def _answer(self, made: Encoded, request: Request | None) -> None:
        if request is not None and unchanged(made, request):
            self._send(self._loop, self._transport, self._lines(304, made.unchanged_lines))
            return
        lines = self._lines(made.status, made.lines)
        body = b"" if request is not None and request.method == "HEAD" else made.body
        assert isinstance(body, bytes), "what is in pieces is sent in pieces"
        if len(body) > _TOGETHER:
            self._send(self._loop, self._transport, lines)
            self._send(self._loop, self._transport, body)
        else:
            self._send(self._loop, self._transport, lines + body)

    def _lines(self, status: int, lines: bytes) -> bytes:
        return b"".join((head.STATUS_LINES[status], self._listener.date, self._persistence, lines, b"\r\n"))


def _about(request: Request) -> dict[str, str]:
    return {"method": request.method, "path": request.path.decode("latin-1")}
