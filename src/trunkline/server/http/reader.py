"""Reads one caller's requests as their bytes come: HTTP/1.1 by llhttp, with our bounds (RFC 9112)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from trunkline.server.errors import BadRequest, HeadTooLarge, PayloadTooLarge, TrunklineError
from trunkline.server.http import head
from trunkline.server.http.presence import Presence
from trunkline.server.http.request import Request

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's head, and of what stands around its chunks."""
_METHODS: Final = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_log = logging.getLogger(__name__)


Turn = tuple[Request | TrunklineError, bool, str]
"""A request, or why there is none; whether another may follow, and the caller's version of HTTP."""


class Reader:
    """Tells of each request, or of what is wrong with it, by `arrived`; nothing is read after the last one.

    `count` requests have begun and `size` bytes of bodies have come: whoever waits sees by them whether anything comes.
    """

    __slots__ = (
        "_arrived", "_body", "_feed", "_headers", "_largest", "_limit", "_method", "_other", "_parser", "_read",
        "_target", "_url", "count", "expects", "in_head", "over", "peer", "presence", "size", "under_way",
    )  # fmt: skip

    def __init__(self, arrived: Callable[[Turn], None], limit: Callable[[str, bytes], int], presence: Presence) -> None:
        """`limit` tells how many bytes a body may have, by method and raw path."""
        self.presence = presence
        self.peer: str | None = None
        self.count = self.size = 0
        self.over = False
        """Whether nothing more is read, whatever comes."""
        self._arrived = arrived
        self._limit = limit
        self._parse()

    def _parse(self) -> None:
        self._parser = HttpRequestParser(self)
        self._feed = self._parser.feed_data
        self._url = b""
        self._method = ""
        self._target = b"", b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._largest = self._read = 0
        self._other = False
        self.under_way = self.in_head = False
        """Whether a request has begun and not ended, and whether it is still in its head."""
        self.expects = False
        """Whether a caller waits for a word before it sends its body."""

    def feed(self, data: bytes) -> None:
        """Read on."""
        if self.over:
            return
        self._read += len(data)
        if not data.isascii() and not self.under_way:
            data = head.ascii_target(data)
        try:
            while data:
                try:
                    self._feed(data)
                    break
                except HttpParserUpgrade as stopped:
                    data = self._without_upgrade() + data[stopped.args[0] :]
        except HttpParserError as error:
            self.refuse(_reason(error))
        else:
            if self.under_way and self._read > LARGEST_HEAD:
                self.refuse(HeadTooLarge())

    def refuse(self, error: TrunklineError) -> None:
        """Tell of what is wrong, and read nothing more."""
        if not self.over:
            self.over, self.under_way = True, False
            self._arrived((error, False, "1.1"))

    def close(self) -> None:
        """Let go of the parser and of whom it told: they hold on to one another."""
        self.over = True
        del self._parser, self._feed, self._arrived

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._url = b""
        self.under_way = self.in_head = True
        self.count += 1

    def on_url(self, url: bytes) -> None:
        """Take the target, or a part of it."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes after a body is left alone. Raises `BadRequest` for a second host."""
        if self.in_head:
            name, value, headers = name.lower(), value.strip(), self._headers
            if name in headers:
                if name == b"host":
                    raise BadRequest("A request has one host")
                if name == b"connection":
                    value = headers[name] + b"," + value
            headers[name] = value

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
        self.in_head, self._read = False, 0
        method, url = self._parser.get_method(), self._url
        self._method = _METHODS.get(method) or method.decode("ascii")
        self._target = (url if url.startswith(b"/") else head.relative(url)).partition(b"?")
        if b"content-length" in headers or b"transfer-encoding" in headers:
            self._largest = self._limit(self._method, self._target[0])
            if int(headers.get(b"content-length", 0)) > self._largest:
                raise PayloadTooLarge
            expects = headers.get(b"expect", b"").lower() == b"100-continue"
            self.expects = expects and self._parser.get_http_version() == "1.1"

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body. Raises `PayloadTooLarge`."""
        # A caller may send millions of pieces: they become one as they come.
        if not self._body:
            self._body = piece
        elif isinstance(self._body, bytearray):
            self._body += piece
        else:
            self._body = bytearray(self._body + piece)
        self._largest -= len(piece)
        self._read, self.expects = 0, False
        self.size += len(piece)
        if self._largest < 0:
            raise PayloadTooLarge

    def on_message_complete(self) -> None:
        """Tell of a request."""
        if self._other or self.over:
            return
        parser, keeps = self._parser, self._parser.should_keep_alive()
        path, _, query = self._target
        body = bytes(self._body)  # the same where it is one already
        request = Request(self._method, path, query, self._headers, body, self.peer, self.presence)
        self._headers, self._body = {}, b""  # or they would be kept for as long as nothing follows
        self.under_way = self.expects = False
        self._read = 0
        self._arrived((request, keeps, parser.get_http_version()))
        if not keeps:
            self.over = True  # what comes after the last request is of no interest, and no mistake

    def _without_upgrade(self) -> bytes:
        # Nobody here speaks anything else, and a request may be answered as if it did not ask: but the parser stops,
        # and takes a body for the other protocol's.
        told = head.staying(self._parser.get_method(), self._url, self._parser.get_http_version(), self._headers)
        self._parse()
        return told


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
