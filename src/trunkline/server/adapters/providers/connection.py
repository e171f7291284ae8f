"""One connection to a provider: HTTP/1.1 on asyncio, one request at a time, read as it comes (RFC 9112)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from trunkline.server.departures import Departures

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of an answer's head, those of interim answers before it included; one read more may have come by then."""
LARGEST_WIRE: Final = 64 * 1024 * 1024
"""Bytes of an answer that is kept until it is whole, as they come."""
AHEAD: Final = 256 * 1024
"""Bytes of a stream that are read before somebody takes them."""
_NEVER: Final = float("inf")


class Broken(Exception):
    """A connection that ended, or brought what is no HTTP, before its answer was there."""


class TooLong(Broken):
    """An answer that is longer than we read."""


class Connection(asyncio.Protocol):
    """Ask it, await what `ask` returns, take the answer, and `release` it; `abort` ends it at once.

    `limit` is the time of the loop at which whoever waits gets a `TimeoutError`, and at which a connection that
    nobody uses is closed; whoever made the connection calls `overdue` by then. `gone` is called when it has ended.
    """

    __slots__ = (
        "_arrival", "_asked", "_body", "_feed", "_free", "_gone", "_idle", "_keeps", "_last", "_left", "_loop",
        "_parser", "_paused", "_send", "_size", "_streams", "_transport", "address", "complete", "fault", "header",
        "limit", "on_body", "on_header", "served", "status",
    )  # fmt: skip

    def __init__(
        self,
        address: str,
        free: Callable[[Connection], None],
        gone: Callable[[Connection], None],
        departures: Departures,
    ) -> None:
        """Take whom to tell that the connection can serve again, and that it has ended; and what requests leave by."""
        self.address = address
        self._send = departures.send
        self.served = False
        """Whether it has brought an answer before."""
        self.status = 0
        """The answer's status once its head is there."""
        self.header: dict[bytes, bytes] = {}
        self.complete = False
        self.fault: Exception | None = None
        self.limit = _NEVER
        self._free = free
        self._gone = gone
        self._body: list[bytes] = []
        # Methods of built-in types: the parser calls them for every header and piece, without a frame of Python's.
        self.on_header = self.header.setdefault
        self.on_body = self._body.append
        self._parser = HttpResponseParser(self)
        # What browsers forgive: a length beside chunks, lines that end in LF alone, spaces after a chunk's size. It is
        # dangerous to whoever passes answers on as they came; nobody does.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._feed = self._parser.feed_data
        self._loop = asyncio.get_running_loop()
        self._arrival: asyncio.Future[None] | None = None
        self._asked = self._streams = self._keeps = self._left = self._paused = False
        self._size = 0
        self._idle = self._last = _NEVER

    def stream(self, request: bytes, limit: float) -> asyncio.Future[None]:
        """Send a request and return what to await until the head of its answer has come, or more than that."""
        self.limit = limit
        self._asked = self._streams = True
        self._send(self._loop, self._transport, request)
        self._arrival = arrival = self._loop.create_future()
        return arrival

    def ask(self, request: bytes, limit: float, idle: float, last: float) -> asyncio.Future[None]:
        """Send a request and return what to await until its answer is whole; one that is a stream comes as one.

        Once its body has begun its limit is `idle` seconds from the last byte, and never later than `last`.
        """
        self.limit, self._idle, self._last = limit, idle, last
        self._asked, self._streams = True, False
        self._send(self._loop, self._transport, request)
        self._arrival = arrival = self._loop.create_future()
        return arrival

    def more(self, limit: float) -> asyncio.Future[None]:
        """Return what to await until there is more of an answer than was taken."""
        self.limit = limit
        self._arrival = arrival = self._loop.create_future()
        return arrival

    @property
    def died_unheard(self) -> bool:
        """Whether it ended without a byte of an answer after it had served before: it may have been dead already."""
        return self.fault is not None and self.served and not self._size and isinstance(self.fault, Broken)

    def take(self) -> bytes:
        """Return the bytes of the body that have come and were not taken."""
        body = self._body
        taken = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        if self._streams:
            self._size = 1
        return taken

    def headers(self) -> Mapping[bytes, bytes]:
        """Return the head's fields under their names in small letters."""
        return {name.lower(): value for name, value in self.header.items()}

    def release(self) -> None:
        """Leave the connection to the next request where it can serve one, once the rest of its answer has come.

        Whoever does not want to wait for that rest for ever sets `limit` before.
        """
        if not self.complete and self.fault is None:
            self._left = True
            self.take()
            return
        # An answer that comes before its request has been sent, as refusals of long ones do: the rest would follow.
        if not self._keeps or self._transport.get_write_buffer_size():
            self.abort()
            return
        self.header.clear()
        self._body.clear()
        self.served = True
        self.complete = self._asked = self._left = False
        self.status = self._size = 0
        self._free(self)

    def abort(self) -> None:
        """Close the connection at once."""
        self._keeps = self._paused = False
        self._gone(self)
        self._transport.abort()

    def overdue(self) -> None:
        """End the wait, or the connection that nobody uses, whose `limit` has come."""
        if self._arrival is not None:
            self._end(TimeoutError())
        elif self._left or not self._asked:
            self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if not self._asked:  # a last word before it closes, or nonsense
            self.abort()
            return
        self._size += len(data)
        try:
            self._feed(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._keeps = False
            if not self.complete:
                self._end(Broken(str(error)))
                return
        if self.complete:
            if self._left:
                self.release()
            else:
                self._wake()
        elif self._left:
            self._body.clear()
        else:
            self._partly()

    def connection_lost(self, error: Exception | None) -> None:
        """End; a body without a length ends with its connection."""
        self._gone(self)
        if self._asked and not self.complete:
            until_closed = self.status and not {b"content-length", b"transfer-encoding"} & self.headers().keys()
            if error is None and until_closed and self.fault is None:
                self.complete = True
                self._wake()
            else:
                self._end(Broken("closed" if error is None else str(error)))
        # They hold on to one another.
        del self._parser, self._feed, self.on_header, self.on_body

    def on_message_begin(self) -> None:
        """Refuse what follows an answer: it would be taken for the next one's."""
        if self.complete:
            raise Broken("something follows the answer")

    def on_headers_complete(self) -> None:
        """Take the status of an answer; those of 1xx are only announcements of it."""
        status = self._parser.get_status_code()
        if status >= 200:
            self.status = status
        else:
            self.header.clear()

    def on_message_complete(self) -> None:
        """Note the end of an answer."""
        if self.status:
            self.complete = True
            self._keeps = self._parser.should_keep_alive()

    def _partly(self) -> None:
        """Judge an answer that is under way."""
        if not self.status:
            if self._size > LARGEST_HEAD:
                self._end(Broken("its head is too long"))
            return
        if not self._streams and b"event-stream" in self.headers().get(b"content-type", b"").lower():
            self._streams = True
        if not self._streams:
            if self._body:
                self.limit = min(self._loop.time() + self._idle, self._last)
            # Errors may be long, but nobody reads that much of them.
            if self._size > (LARGEST_WIRE if self.status == 200 else 2 * LARGEST_HEAD):
                self._end(TooLong("its body is too long"))
        elif self._arrival is not None:
            self._wake()
        elif self._size > AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _end(self, fault: Exception) -> None:
        if self.fault is None:
            self.fault = fault
        self._wake()
        self.abort()

    def _wake(self) -> None:
        arrival = self._arrival
        if arrival is not None:
            self._arrival = None
            if not arrival.done():
                arrival.set_result(None)
