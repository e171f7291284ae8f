"""Reads server-sent events as bytes come in, whatever the pieces; knows nothing of what the events say."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 16 * 1024 * 1024
"""Bytes of one event: an image inside an answer is one line of several megabytes."""
_BOM: Final = b"\xef\xbb\xbf"


class EventTooLong(Exception):
    """An event is longer than we keep."""


class EventReader:
    """Turns pieces of a body into the data of events; comments and all other fields are passed over."""

    __slots__ = ("_data", "_longest", "_rest", "_size", "_started")

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0
        self._started = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Take the next bytes and return the data of each event that they complete. Raises `EventTooLong`."""
        if not self._started and piece:
            piece, self._started = piece.removeprefix(_BOM), True
        if not self._size and not self._data and _is_one_event(piece):
            return [piece[6:-2]]
        self._size += len(piece)
        if b"\n" not in piece and b"\r" not in piece:
            self._rest.append(piece)
            self._check()
            return []
        if self._rest:
            piece = b"".join((*self._rest, piece))
        lines = piece.splitlines(keepends=True)
        # A last line without its end waits; one that ends in \r does too, for a \n may follow.
        self._rest = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        found = self._take(lines)
        self._size = sum(map(len, self._rest)) + sum(map(len, self._data))
        self._check()
        return found

    def close(self) -> list[bytes]:
        """Return the data of a last event that the body ended without completing."""
        lines = b"".join(self._rest).splitlines()
        self._rest = []
        return self._take([*lines, b""])

    def _take(self, lines: list[bytes]) -> list[bytes]:
        found = []
        for line in lines:
            text = line.rstrip(b"\r\n")
            if text.startswith(b"data:"):
                self._data.append(text[6:] if text[5:6] == b" " else text[5:])
            elif not text and self._data:
                found.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                self._data = []
        return found

    def _check(self) -> None:
        if self._size > self._longest:
            raise EventTooLong


def _is_one_event(piece: bytes) -> bool:
    """Tell whether bytes are one event of one line, which is how nearly all tokens come."""
    end = len(piece) - 2
    return piece[:6] == b"data: " and piece.find(b"\n") == end and piece[end:] == b"\n\n" and b"\r" not in piece
