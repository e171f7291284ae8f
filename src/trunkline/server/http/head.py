"""Heads of requests and answers as bytes (RFC 9112): status lines, header lines, targets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from httptools import HttpParserInvalidURLError, parse_url

Header = tuple[bytes, bytes]

_PHRASES: Final = {status.value: status.phrase.encode() for status in HTTPStatus}
STATUS_LINES: Final = {code: b"HTTP/1.1 %d %b\r\n" % (code, _PHRASES.get(code, b"")) for code in range(200, 600)}
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSES: Final = b"connection: close\r\n"
KEEPS: Final = {"1.1": b"", "1.0": b"connection: keep-alive\r\n"}
"""What says that another request may follow, by the version that a caller speaks."""
CHUNKED: Final = b"transfer-encoding: chunked\r\n"
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_OTHER_PROTOCOLS: Final = frozenset((b"upgrade", b"http2-settings"))


def lines(headers: Iterable[Header]) -> bytes:
    """Return headers as lines. Raises `ValueError` where one would end its line and begin another."""
    each = [b"%b: %b\r\n" % header for header in headers]
    made = b"".join(each)
    if made.count(b"\n") != len(each) or made.count(b"\r") != len(each):
        raise ValueError("a header has the end of a line in it")
    return made


def relative(target: bytes) -> bytes:
    """Return the path and query of an absolute target, as proxies are sent it; what is none, as it is."""
    try:
        url = parse_url(target)
    except HttpParserInvalidURLError:
        return target
    return (url.path or b"/") + (b"?" + url.query if url.query else b"")


def ascii_target(data: bytes) -> bytes:
    """Return what begins with a request, with those bytes percent-encoded that no target may hold but some send."""
    line, end, rest = data.partition(b"\r\n")
    return data if line.isascii() else _BEYOND_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], line) + end + rest


def staying(method: bytes, target: bytes, version: str, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the head of a request without its wish for another protocol, which may be left unheard (RFC 9110, 7.8)."""
    wishes = [token.strip().lower() for token in headers.get(b"connection", b"").split(b",")]
    kept = {name: value for name, value in headers.items() if name not in _OTHER_PROTOCOLS and name != b"connection"}
    kept[b"connection"] = b", ".join(wish for wish in wishes if wish not in _OTHER_PROTOCOLS)
    return b"%b %b HTTP/%b\r\n%b\r\n" % (method, target, version.encode(), lines(kept.items()))
