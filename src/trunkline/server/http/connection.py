"""One caller's connection: HTTP/1.1 on asyncio, its requests answered one after another (RFC 9112)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from trunkline.server.errors import BadRequest, HeadTooLarge, PayloadTooLarge, RequestTimeout, TrunklineError
from trunkline.server.http import head
from trunkline.server.http.answer import Encoded, Pieces
from trunkline.server.http.presence import Presence
from trunkline.server.http.request import Request
from trunkline.server.http.sending import send_pieces, unchanged
from trunkline.server.http.streaming import Stream, send_stream

if TYPE_CHECKING:
    from trunkline.server.http.listener import Listener

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's head."""
_NEVER: Final = float("inf")
_TOGETHER: Final = 64 * 1024
"""Bytes of a body that is copied behind its head."""
_METHODS: Final = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_log = logging.getLogger(__name__)


class _Turn(NamedTuple):
    """A request, or why there is none; whether another may follow, and the caller's version of HTTP."""

    what: Request | TrunklineError
    keeps: bool
    version: str


class Connection(asyncio.Protocol):
    """Reads requests and has the listener's front answer them, in their order.

    `limit` is the time of the loop at which whoever is at the other end is too late: the listener calls `overdue`.
    """

    __slots__ = (
        "_body", "_chunks", "_drained", "_feed", "_framed", "_front", "_head", "_headers", "_in_head", "_keeps",
        "_largest", "_listener", "_loop", "_other", "_parser", "_patience", "_peer", "_persistence", "_read",
        "_reading", "_refused", "_send", "_task", "_transport", "_url", "_waiting", "limit", "presence",
    )  # fmt: skip

    def __init__(self, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        """Take who keeps the time and has what answers."""
        self.limit = _NEVER
        self.presence = Presence()
        self._listener, self._loop, self._patience = listener, loop, listener.patience
        self._front, self._send = listener.front, listener.departures.send
        self._refused = False  # nothing more is read, whatever comes
        self._waiting: deque[_Turn] = deque()
        # Of the answer under way.
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._head = self._persistence = b""
        self._keeps = self._chunks = True
        self._framed = False
        self._parse()

    def _parse(self) -> None:
        self._parser = HttpRequestParser(self)
        self._feed = self._parser.feed_data
        # Of the request under way.
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._largest = self._read = 0
        self._reading = self._in_head = self._other = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if isinstance(peer, tuple) else None
        self._listener.add(self)
        self.limit = self._listener.now + self._patience.head

    def connection_lost(self, error: Exception | None) -> None:
        """End: whoever makes an answer for this caller is told."""
        self._listener.remove(self)
        self._refused = True
        self._waiting.clear()
        self.presence.leave()
        self.resume_writing()
        del self._parser, self._feed  # they hold on to one another

    def pause_writing(self) -> None:
        """Wait until the caller has taken what was sent."""
        self._drained = self._loop.create_future()
        self.limit = self._listener.now + self._patience.taking

    def resume_writing(self) -> None:
        """Send on."""
        drained, self._drained = self._drained, None
        if drained is not None:
            self._wait()
            if not drained.done():
                drained.set_result(None)
            self._go_on()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._refused:
            return
        self._read += len(data)
        if not data.isascii() and not self._reading:
            data = head.ascii_target(data)
        try:
            while data:
                try:
                    self._feed(data)
                    break
                except HttpParserUpgrade as stopped:
                    data = self._without_upgrade() + data[stopped.args[0] :]
        except HttpParserError as error:
            self._refuse(_reason(error))
        else:
            if self._reading and self._read > LARGEST_HEAD:
                self._refuse(HeadTooLarge())

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._url, self._headers, self._body = b"", {}, []
        self._reading = self._in_head = True
        if self._drained is None:
            self.limit = self._listener.now + self._patience.head

    def on_url(self, url: bytes) -> None:
        """Take the target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes after a body is left alone."""
        if self._in_head:
            self._headers[name.lower()] = value.strip()

    def on_headers_complete(self) -> None:
        """Judge a request by its head. Raises `BadRequest`, `HeadTooLarge` and `PayloadTooLarge`."""
        headers = self._headers
        if self._parser.should_upgrade():
            if self._parser.get_method() == b"CONNECT":
                raise BadRequest("This is no proxy")
            self._other = True
            return
        if self._read > LARGEST_HEAD and len(self._url) + sum(map(_length, headers.items())) > LARGEST_HEAD:
            raise HeadTooLarge
        self._in_head, self._read = False, 0
        if b"content-length" in headers or b"transfer-encoding" in headers:
            self._largest = self._front.limit(self._method(), self._target()[0])
            if int(headers.get(b"content-length", 0)) > self._largest:
                raise PayloadTooLarge
            expects = headers.get(b"expect", b"").lower() == b"100-continue"
            if expects and not self.busy and not self._waiting and self._parser.get_http_version() == "1.1":
                self._send(self._loop, self._transport, head.CONTINUE)

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body. Raises `PayloadTooLarge`."""
        self._body.append(piece)
        self._largest -= len(piece)
        self._read = 0
        if self._largest < 0:
            raise PayloadTooLarge
        self.limit = self._listener.now + self._patience.body

    def on_message_complete(self) -> None:
        """Have a request answered, now or when those before it are."""
        if self._other:
            return
        body, parser = self._body, self._parser
        path, _, query = self._target()
        whole = body[0] if len(body) == 1 else b"".join(body)
        request = Request(self._method(), path, query, self._headers, whole, self._peer, self.presence)
        self._reading, self._read, keeps = False, 0, parser.should_keep_alive()
        self._await_turn(_Turn(request, keeps, parser.get_http_version()))
        if not keeps:
            self._refused = True  # what comes after the last request is of no interest, and no mistake

    def _target(self) -> tuple[bytes, bytes, bytes]:
        url = self._url
        return (url if url.startswith(b"/") else head.relative(url)).partition(b"?")

    def _method(self) -> str:
        method = self._parser.get_method()
        return _METHODS.get(method) or method.decode("ascii")

    def _without_upgrade(self) -> bytes:
        # Nobody here speaks anything else, and a request may be answered as if it did not ask: but the parser stops,
        # and takes a body for the other protocol's.
        told = head.staying(self._parser.get_method(), self._url, self._parser.get_http_version(), self._headers)
        self._parse()
        return told

    # The order of answers.

    @property
    def busy(self) -> bool:
        """Whether an answer is being made."""
        return self._task is not None

    def _refuse(self, error: TrunklineError) -> None:
        if self._refused:
            return
        self._refused, self._reading = True, False
        self._await_turn(_Turn(error, False, "1.1"))

    def _await_turn(self, turn: _Turn) -> None:
        # Whoever does not take what is there already is answered no further.
        if self._task is None and self._drained is None:
            self._take(turn)
        else:
            self._waiting.append(turn)
            if turn.keeps:
                self._transport.pause_reading()

    def _take(self, turn: _Turn) -> None:
        what, keeps, version = turn
        self._keeps = keeps = keeps and version in head.KEEPS and not self._listener.ending
        self._persistence = head.KEEPS[version] if keeps else head.CLOSES
        self._chunks = version == "1.1"
        if isinstance(what, TrunklineError):
            self._answer(self._front.refused(what), None)
            self._linger()
        elif (kept := self._front.kept(what)) is not None:
            self._answer(kept, what)
            self._answered()
        else:
            self.limit = _NEVER
            self._task = self._loop.create_task(self._serve(what))

    async def _serve(self, request: Request) -> None:
        try:
            made = await self._front.answer(request)
            if isinstance(made, Stream):
                await send_stream(made, self)
            elif isinstance(made.body, Pieces) and not unchanged(made, request):
                await send_pieces(made, self, request)
            else:
                self._answer(made, request)
        except Exception:  # noqa: BLE001 - its head may be gone already: the caller has to see that something is missing
            _log.exception("an answer could not be sent", extra={"path": request.path.decode("latin-1")})
            self._transport.abort()
        finally:
            self._task = None
        self._answered()
        self._go_on()

    def _go_on(self) -> None:
        try:
            while self._waiting and self._task is None and self._drained is None:
                self._take(self._waiting.popleft())
        except Exception:  # noqa: BLE001 - of what is first in its turn the parser tells, in `_reason`
            _log.exception("an answer could not be sent")
            self._transport.abort()

    def _answered(self) -> None:
        if self._transport.is_closing():
            self._waiting.clear()
        elif not self._keeps:
            self._close()
        elif not self._waiting:
            if self._drained is None:
                self._wait()
            self._transport.resume_reading()

    def _wait(self) -> None:
        self.limit = self._listener.now + (self._patience.head if self._reading else self._patience.idle)

    def _close(self) -> None:
        self._refused = True
        self._waiting.clear()
        self.limit = self._listener.now + self._patience.taking
        self._listener.departures.depart()
        self._transport.close()

    def _linger(self) -> None:
        self._listener.departures.depart()
        self.limit = self._listener.now + self._patience.lingering
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def overdue(self) -> None:
        """Give up whoever is too late."""
        if self.busy and self._drained is None:
            self.limit = _NEVER
        elif self._reading and not self._refused and self._drained is None:
            self._refuse(RequestTimeout())
        else:
            self._transport.abort()

    def stop(self) -> None:
        """Take no other request, and close when those that came have been answered."""
        self._keeps, self._persistence = False, head.CLOSES
        if not self.busy and not self._reading:
            self._close()

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

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


def _length(header: head.Header) -> int:
    return len(header[0]) + len(header[1])


def _reason(error: HttpParserError) -> TrunklineError:
    """Return what a caller is told whose request cannot be read."""
    raised = error.__context__
    if raised is None:
        return BadRequest(f"This is no HTTP/1.1 request: {error}")
    if isinstance(raised, TrunklineError):
        return raised
    _log.error("request failed", exc_info=raised)
    return TrunklineError()
