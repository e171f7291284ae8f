"""A caller that speaks HTTP/1.1 byte by byte and holds what it is told to the letter of RFC 9112."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.live.wire import Reply

PATIENCE = 20
"""Seconds until a test gives up waiting."""


class Caller:
    """One connection; `taking` bounds the bytes that the system keeps for a caller who does not read."""

    def __init__(self, port: int, *, taking: int | None = None) -> None:
        self.socket = socket.socket()
        if taking is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, taking)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._said = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._said.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)

    def ask(self, line: bytes, *headers: bytes, body: bytes = b"") -> Reply:
        """Send a request, given without version, and read its answer."""
        self.send(request(line, *headers, body=body))
        return self.reply(line.partition(b" ")[0])

    def head(self) -> tuple[int, dict[str, str]]:
        """Read the head of an answer."""
        version, status, _ = self._line().split(b" ", 2)
        assert version == b"HTTP/1.1"
        headers: dict[str, str] = {}
        while line := self._line():
            name, separator, value = line.decode().partition(": ")
            assert separator
            assert name == name.lower()
            assert name not in headers
            headers[name] = value
        return int(status), headers

    def chunk(self) -> bytes:
        """Read one chunk of a body; the last is empty."""
        size = int(self._line(), 16)
        piece = self._said.read(size)
        assert len(piece) == size
        assert self._line() == b""
        return piece

    def reply(self, method: bytes = b"GET") -> Reply:
        """Read an answer to its end."""
        status, headers = self.head()
        if method == b"HEAD" or status in (204, 304):
            return Reply(status, headers, b"")
        if "content-length" in headers:
            assert "transfer-encoding" not in headers
            body = self._said.read(int(headers["content-length"]))
            assert len(body) == int(headers["content-length"])
        elif headers.get("transfer-encoding") == "chunked":
            body = b"".join(iter(self.chunk, b""))
        else:
            assert headers["connection"] == "close", "nothing tells where this body ends"
            body = self._said.read()
        return Reply(status, headers, body)

    def rest(self) -> bytes:
        """Return what is said until the server closes the connection; a reset ends it too."""
        said = b""
        with suppress(ConnectionResetError):
            while piece := self._said.read1():
                said += piece
        return said

    def push(self, data: bytes) -> int:
        """Send the same again and again until the server hears or takes no more; return how many bytes went out."""
        sent, deadline = 0, time.monotonic() + PATIENCE
        with suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            while True:
                assert time.monotonic() < deadline, "the server goes on and on listening"
                sent += self.socket.send(data)
        return sent

    def _line(self) -> bytes:
        line = self._said.readline()
        assert line.endswith(b"\r\n"), line
        return line[:-2]


def request(line: bytes, *headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """Return the bytes of a request; a body is stated unless a header says how it is framed."""
    each = [b"host: localhost", *headers]
    if body and not any(header.lower().startswith((b"content-length", b"transfer-encoding")) for header in headers):
        each.append(b"content-length: %d" % len(body))
    return b"%b HTTP/%b\r\n%b\r\n\r\n%b" % (line, version, b"\r\n".join(each), body)


def chunks(*pieces: bytes, trailers: bytes = b"") -> bytes:
    """Return a chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"
