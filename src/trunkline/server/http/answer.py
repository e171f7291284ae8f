"""An answer: status, body and headers, encoded at most once for each content coding it is asked in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from trunkline.server.http.coding import CODINGS, LONG, SMALLEST_COMPRESSED
from trunkline.server.http.head import Header, lines

JSON = b"application/json"
LARGEST_WHOLE = 8 * 1024 * 1024
"""Bodies of more bytes are sent in pieces and never held in one."""
NO_CONTENT = 204
PIECE = 256 * 1024
"""Bytes of a piece, at least."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A body that is too long to hold twice: encoded items that others hold already, and what stands around them."""

    head: bytes
    items: Sequence[bytes]
    tail: bytes

    def __len__(self) -> int:
        """Return the bytes of the whole body."""
        between = max(0, len(self.items) - 1)
        return len(self.head) + sum(map(len, self.items)) + between + len(self.tail)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in pieces."""
        held, length = [self.head], len(self.head)
        for number, item in enumerate(self.items):
            held += (b",", item) if number else (item,)
            length += len(item)
            if length >= PIECE:
                yield b"".join(held)
                held, length = [], 0
        held.append(self.tail)
        yield b"".join(held)

    def whole(self) -> bytes:
        """Return the body in one."""
        return b"%b%b%b" % (self.head, b",".join(self.items), self.tail)


Body = bytes | Pieces


class Encoded(msgspec.Struct, frozen=True):
    """An answer in one content coding: body, header lines, and where it has one its entity tag and the lines of a 304.

    Pieces are compressed as they are sent, everything else here.
    """

    status: int
    body: Body
    coding: bytes
    lines: bytes
    tag: bytes = b""
    unchanged_lines: bytes = b""


class Answer(msgspec.Struct):
    """What goes back: `headers` without length, coding and entity tag.

    `tagged` answers carry an entity tag and may be kept by whoever asked (and by shared caches, where
    no key was sent); `lasting` ones stay the same until the catalogue changes and depend on nothing of a
    caller but its policy (`usecases.policies.shared`), so the server keeps them for all of that policy (spec 3.5).
    """

    status: int
    body: Body
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()
    tagged: bool = False
    lasting: bool = False
    keyed: bool = False
    """Whether a valid key had a part in it: no shared cache may keep it."""
    _ready: dict[bytes, Encoded] = msgspec.field(default_factory=dict)
    _tag: str = ""

    @property
    def size(self) -> int:
        """Bytes held in memory, all codings together; of a body in pieces only what is its own."""
        bodies = [self.body, *(made.body for made in self._ready.values())]
        return sum(8 * len(body.items) if isinstance(body, Pieces) else len(body) for body in bodies)

    def kept(self, coding: bytes) -> Encoded | None:
        """Return the answer in a content coding if it has been made before."""
        return self._ready.get(coding)

    def takes_long(self, coding: bytes) -> bool:
        """Tell whether `ready(coding)` has work to do that would hold up the event loop."""
        return coding not in self._ready and (coding in CODINGS or self.tagged) and len(self.body) > LONG

    def ready(self, coding: bytes) -> Encoded:
        """Return the answer in a content coding (b"" for none)."""
        made = self._ready.get(coding)
        if made is None:
            made = self._ready[coding] = self._make(coding)
        return made

    def _make(self, coding: bytes) -> Encoded:
        body, coding = self.body, coding if coding in CODINGS and len(self.body) >= SMALLEST_COMPRESSED else b""
        if coding and isinstance(body, bytes):
            # What is kept for one policy is asked for less often than it has to be made.
            body = (CODINGS[coding].quick if self.keyed else CODINGS[coding].whole)(body)
        headers = [(b"content-type", self.content_type), *self.headers]
        if self.status == NO_CONTENT:
            headers = [*self.headers]
        elif isinstance(body, bytes) or not coding:
            headers.append((b"content-length", b"%d" % len(body)))
        if coding:
            headers.append((b"content-encoding", coding))
        if not self.tagged:
            return Encoded(self.status, body, coding, lines(headers))
        tag = self._entity_tag(coding)
        headers += [
            (b"etag", tag),
            (b"cache-control", b"private, no-cache" if self.keyed else b"public, max-age=60"),
            (b"vary", b"Accept-Encoding, Authorization, Host"),
            (b"access-control-allow-origin", b"*"),
        ]
        unchanged = [header for header in headers if header[0] not in (b"content-type", b"content-length")]
        return Encoded(self.status, body, coding, lines(headers), tag, lines(unchanged))

    def _entity_tag(self, coding: bytes) -> bytes:
        # A digest of the body, not the revision: an import that leaves an answer as it was keeps its tag.
        if not self._tag:
            digest = hashlib.blake2b(digest_size=10)
            for piece in self.body if isinstance(self.body, Pieces) else (self.body,):
                digest.update(piece)
            self._tag = digest.hexdigest()
        return f'"{self._tag}{"-" + coding.decode() if coding else ""}"'.encode()


def listed(head: bytes, items: Sequence[bytes], tail: bytes) -> Body:
    """Return a body of encoded items between head and tail: whole, or in pieces where that would be too much."""
    body = Pieces(head, items, tail)
    return body if len(body) > LARGEST_WHOLE else body.whole()


def json(value: Any, *, status: int = 200, tagged: bool = False, lasting: bool = False) -> Answer:
    """Return a JSON answer of a value that msgspec can encode; decimals, which are amounts, become exact numbers."""
    return Answer(status, _ENCODER.encode(value), tagged=tagged, lasting=lasting)


_ENCODER = msgspec.json.Encoder(decimal_format="number")
