"""Writes requests: what is the same for every call of a target is written once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from trunkline import __version__
from trunkline.server.adapters.providers import codings, egress
from trunkline.server.adapters.providers.dialects.dialect import Encoded
from trunkline.server.adapters.providers.targets import Target

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH: Final = "/:?&=%@!$'()*+,;~"
_HEADS: Final = 256
"""Heads that are kept for one target; there is one for each path that is called."""


class Unsendable(Exception):
    """A header that cannot be sent, for it would end its line; the message does not hold its value."""


class Writer:
    """Writes the requests to one base URL with one credential. The credential is in memory only."""

    __slots__ = ("_base", "_headers", "_heads")

    def __init__(self, base: egress.Base, headers: Iterable[tuple[str, str]]) -> None:
        """Take the headers that every request has. Raises `Unsendable`."""
        self._base = base
        self._headers = b"".join(line(name, value) for name, value in headers)
        self._heads: dict[tuple[str, bool], bytes] = {}

    def written(self, encoded: Encoded, *, streams: bool) -> bytes:
        """Return a request as it goes out. Raises `Unsendable`."""
        head = self._heads.get((encoded.path, streams)) or self._head(encoded.path, streams=streams)
        more = b"".join(line(name, value) for name, value in encoded.headers) if encoded.headers else b""
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (head, more, len(encoded.body), encoded.body)

    def asked(self, path: str) -> bytes:
        """Return a request for a path, from the root of the host on, that has no body."""
        return self._begun("GET", path) + b"accept: application/json\r\n" + self._headers + b"\r\n"

    def _head(self, path: str, *, streams: bool) -> bytes:
        # Base URLs are written with and without the version that some dialects' paths begin with.
        before = self._base.path.removesuffix("/v1") if path.startswith("/v1/") else self._base.path
        if streams:
            # Compressors hold back the pieces of a stream.
            taken = b"accept: text/event-stream\r\naccept-encoding: identity\r\n"
        else:
            taken = b"accept: */*\r\naccept-encoding: " + codings.ACCEPTED.encode() + b"\r\n"
        head = self._begun("POST", before + path) + b"content-type: application/json\r\n" + taken + self._headers
        if len(self._heads) >= _HEADS:
            self._heads.clear()
        self._heads[path, streams] = head
        return head

    def _begun(self, method: str, path: str) -> bytes:
        base = self._base
        host = f"[{base.host}]" if ":" in base.host else base.host
        port = "" if base.port == (443 if base.secure else 80) else f":{base.port}"
        begun = f"{method} {quote(path, safe=_PATH)} HTTP/1.1\r\nhost: {host}{port}\r\n"
        return f"{begun}user-agent: trunkline/{__version__}\r\n".encode()


def headers_of(target: Target) -> tuple[tuple[str, str], ...]:
    """Return the headers that every request to a target has: its credential, and what the operator adds."""
    name, before = target.dialect.key_header
    return (*(() if target.key is None else ((name, before + target.key),)), *target.headers)


def line(name: str, value: str) -> bytes:
    """Return a header's line. Raises `Unsendable`."""
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise Unsendable(f"the header {name!r} cannot be sent")
    return f"{name}: {value}\r\n".encode("latin-1")
