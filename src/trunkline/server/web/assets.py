"""Styles and scripts under names made of their content, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import brotli  # type: ignore[import-untyped]
import zstandard

from trunkline.server.errors import NotFound
from trunkline.server.http.answer import Encoded
from trunkline.server.http.head import lines

PREFIX: Final = "/static/"
_KINDS: Final = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
    "txt": b"text/plain; charset=utf-8",
}
_IMPORTED: Final = re.compile(rb'(\bfrom\s*|\bimport\s*)"\./([a-z-]+\.js)"')
_FOREVER: Final = b"public, max-age=31536000, immutable"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `name` is its own with a digest of its content in it."""

    name: str
    kind: bytes
    body: bytes


@cache
def _asset(own: str) -> Asset:
    """Read a file of the package; what a script imports is named by its digest, too."""
    body = (files(__package__) / "static" / own).read_bytes()
    body = _IMPORTED.sub(lambda found: found[1] + b'"./' + _asset(found[2].decode()).name.encode() + b'"', body)
    stem, _, suffix = own.rpartition(".")
    return Asset(f"{stem}.{hashlib.sha256(body).hexdigest()[:12]}.{suffix}", _KINDS[suffix], body)


@cache
def _all() -> dict[str, Asset]:
    names = sorted(file.name for file in (files(__package__) / "static").iterdir())
    return {asset.name: asset for asset in map(_asset, names)}


def address(own: str) -> str:
    """Return where a file of the package is fetched: `app.css` is at `/static/app.<digest>.css`."""
    return PREFIX + _asset(own).name


def encoded(name: str, coding: bytes) -> Encoded:
    """Return a file by its public name, compressed as far as it goes, once. Raises `NotFound`."""
    with _lock:
        asset = _all().get(name)
        if asset is None:
            raise NotFound
        return _encoded(asset, coding)


@cache
def _encoded(asset: Asset, coding: bytes) -> Encoded:
    body = _BEST[coding](asset.body)
    tag = f'"{asset.name}{"-" + coding.decode() if coding else ""}"'.encode()
    kept = [
        (b"cache-control", _FOREVER),
        (b"vary", b"Accept-Encoding"),
        (b"etag", tag),
        (b"x-content-type-options", b"nosniff"),
    ]
    if coding:
        kept.append((b"content-encoding", coding))
    headers = [(b"content-type", asset.kind), (b"content-length", str(len(body)).encode()), *kept]
    return Encoded(200, body, coding, lines(headers), tag, lines(kept))


_BEST: Final[dict[bytes, Callable[[bytes], bytes]]] = {
    b"": lambda body: body,
    b"zstd": lambda body: zstandard.ZstdCompressor(level=19).compress(body),
    b"br": lambda body: brotli.compress(body, quality=11),
    b"gzip": lambda body: zlib.compress(body, level=9, wbits=16 + zlib.MAX_WBITS),
}
