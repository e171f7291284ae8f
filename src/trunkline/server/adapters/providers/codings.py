"""Undoes the content codings of answers, in bounded steps (RFC 9110 section 8.4; RFC 9659 for zstd's window)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import brotli  # type: ignore[import-untyped]
import zstandard

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that one call of a decoder may return."""
ACCEPTED: Final = "zstd,gzip,deflate,br"
_STEP: Final = 1024
"""Bytes that zstd gets at once: its library has no limit for what they become, which is 32 MB at most."""
_WINDOW: Final = 8 * 1024 * 1024


class Undecodable(Exception):
    """A body that is not coded as its head says, or that is cut."""


class TooLarge(Undecodable):
    """A body that becomes larger than we read."""


class Decoder(Protocol):
    """Decodes one body."""

    def decode(self, data: bytes) -> bytes:
        """Return what the next bytes stand for. Raises `Undecodable`."""
        ...

    def end(self) -> None:
        """Raise `Undecodable` where the body is cut."""
        ...


class _Zlib:
    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

    def decode(self, data: bytes) -> bytes:
        try:
            found = self._inner.decompress(data, LARGEST)
        except zlib.error as error:
            raise Undecodable(str(error)) from None
        if self._inner.unconsumed_tail:
            raise TooLarge("it is too large")
        return found

    def end(self) -> None:
        if not self._inner.eof:
            raise Undecodable("it is cut")


class _Deflate:
    """Deflate in zlib's frame, as it should be, or bare, as some send it (RFC 9110 section 8.4.1.2)."""

    def __init__(self) -> None:
        self._inner: _Zlib | None = None

    def decode(self, data: bytes) -> bytes:
        if self._inner is None:
            if not data:
                return b""
            self._inner = _Zlib(zlib.MAX_WBITS if data[0] & 15 == 8 else -zlib.MAX_WBITS)
        return self._inner.decode(data)

    def end(self) -> None:
        if self._inner is None:
            raise Undecodable("it is cut")
        self._inner.end()


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    def decode(self, data: bytes) -> bytes:
        try:
            found: bytes = self._inner.process(data, output_buffer_limit=LARGEST)
        except brotli.error as error:
            raise Undecodable(str(error)) from None
        if not self._inner.can_accept_more_data():
            raise TooLarge("it is too large")
        return found

    def end(self) -> None:
        if not self._inner.is_finished():
            raise Undecodable("it is cut")


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()

    def decode(self, data: bytes) -> bytes:
        found: list[bytes] = []
        size = 0
        try:
            for start in range(0, len(data), _STEP):
                found.append(self._inner.decompress(data[start : start + _STEP]))
                size += len(found[-1])
                if size > LARGEST:
                    raise TooLarge("it is too large")
        except zstandard.ZstdError as error:
            raise Undecodable(str(error)) from None
        return b"".join(found)

    def end(self) -> None:
        if not self._inner.eof:
            raise Undecodable("it is cut")


_DECODERS: Final[Mapping[bytes, Callable[[], Decoder]]] = {
    b"gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    b"x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    b"deflate": _Deflate,
    b"br": _Brotli,
    b"zstd": _Zstd,
}


def decoder(stated: bytes | None) -> Decoder | None:
    """Return what decodes a body by its `content-encoding`, None where it is plain or coded as nobody knows."""
    make = None if stated is None else _DECODERS.get(stated.strip().lower())
    return None if make is None else make()


def decoded(body: bytes, stated: bytes | None) -> bytes:
    """Return a whole body without its coding. Raises `Undecodable`."""
    undo = decoder(stated)
    if undo is None or not body:
        return body
    found = undo.decode(body)
    undo.end()
    return found
