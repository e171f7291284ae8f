"""An answer: status, body and headers, encoded at most once for each content coding it is asked in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import brotli  # type: ignore[import-untyped]
import msgspec
import zstandard
from isal import igzip

JSON = b"application/json"
SMALLEST_COMPRESSED = 1_000
"""Bodies below this many bytes fit one packet and are sent as they are."""

Header = tuple[bytes, bytes]


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=6).compress(body)


def _brotli(body: bytes) -> bytes:
    compressed: bytes = brotli.compress(body, quality=5)
    return compressed


def _gzip(body: bytes) -> bytes:
    return igzip.compress(body, compresslevel=3, mtime=0)


CODINGS: dict[bytes, Callable[[bytes], bytes]] = {b"zstd": _zstd, b"br": _brotli, b"gzip": _gzip}
"""The content codings on offer, preferred first."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An answer in one content coding: body, headers, entity tag (b"" for none), and the headers of a 304."""

    body: bytes
    headers: list[Header]
    tag: bytes
    unchanged_headers: list[Header]


@dataclass(slots=True)
class Answer:
    """What goes back: `headers` without length, coding and entity tag.

    `tagged` answers carry an entity tag and may be kept by whoever asked (and by shared caches, where
    no key was sent); `lasting` ones stay the same until the catalogue or the caller's policy changes,
    so the server keeps them too (spec 3.5).
    """

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[Header, ...] = ()
    tagged: bool = False
    lasting: bool = False
    keyed: bool = False
    """Whether a valid key had a part in it: no shared cache may keep it."""
    _ready: dict[bytes, Encoded] = field(default_factory=dict)
    _tag: str = ""

    @property
    def size(self) -> int:
        """Bytes held in memory, all codings together."""
        return len(self.body) + sum(len(made.body) for made in self._ready.values())

    def needs_encoding(self, coding: bytes) -> bool:
        """Tell whether `ready(coding)` has yet to compress a body."""
        return coding not in self._ready and coding in CODINGS and len(self.body) >= SMALLEST_COMPRESSED

    def ready(self, coding: bytes) -> Encoded:
        """Return the answer in a content coding (b"" for none)."""
        made = self._ready.get(coding)
        if made is None:
            made = self._ready[coding] = self._make(coding)
        return made

    def _make(self, coding: bytes) -> Encoded:
        compressed = coding in CODINGS and len(self.body) >= SMALLEST_COMPRESSED
        body = CODINGS[coding](self.body) if compressed else self.body
        headers = [(b"content-type", self.content_type), (b"content-length", str(len(body)).encode()), *self.headers]
        tag = b""
        if compressed:
            headers.append((b"content-encoding", coding))
        if self.tagged:
            tag = self._entity_tag(coding if compressed else b"")
            headers += [
                (b"etag", tag),
                (b"cache-control", b"private, no-cache" if self.keyed else b"public, max-age=60"),
                (b"vary", b"Accept-Encoding, Authorization, Host"),
                (b"access-control-allow-origin", b"*"),
            ]
        unchanged = [header for header in headers if header[0] not in (b"content-type", b"content-length")]
        return Encoded(body, headers, tag, unchanged)

    def _entity_tag(self, coding: bytes) -> bytes:
        # A digest of the body, not the revision: an import that leaves an answer as it was keeps its tag.
        self._tag = self._tag or hashlib.blake2b(self.body, digest_size=10).hexdigest()
        return f'"{self._tag}{"-" + coding.decode() if coding else ""}"'.encode()


def json(value: Any, *, status: int = 200, tagged: bool = False, lasting: bool = False) -> Answer:
    """Return a JSON answer of a value that msgspec can encode."""
    return Answer(status, msgspec.json.encode(value), tagged=tagged, lasting=lasting)


def negotiate(accept_encoding: bytes) -> bytes:
    """Return the content coding to answer in (b"" for none) for an `Accept-Encoding` header (RFC 9110, 12.5.3)."""
    wishes: dict[bytes, float] = {}
    for part in accept_encoding.lower().split(b","):
        name, _, weight = part.strip().partition(b";")
        try:
            wishes[name.strip()] = float(weight.strip().removeprefix(b"q=") or 1)
        except ValueError:
            continue
    anything = wishes.get(b"*", 0.0)
    best = max(CODINGS, key=lambda coding: wishes.get(coding, anything))
    wanted = wishes.get(best, anything)
    return best if wanted > 0 and wanted >= wishes.get(b"identity", 0.0) else b""
