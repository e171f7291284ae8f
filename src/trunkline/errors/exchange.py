"""The request and the response that an error tells of, safe to log: neither repr shows a credential."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyreqwest.bytes import Bytes


class Headers(Mapping[str, str]):
    """Headers by name, in any case; of a header that came several times the first (`getall` has them all)."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple((name.lower(), value) for name, value in pairs)

    def __getitem__(self, name: str) -> str:
        for known, value in self._pairs:
            if known == name.lower():
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __len__(self) -> int:
        return len({name for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"

    def getall(self, name: str) -> list[str]:
        """Return every value of a header, in the order in which they came."""
        return [value for known, value in self._pairs if known == name.lower()]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent; `url` is complete. The repr leaves out headers, which hold the key."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    timeout_ms: int | None = None

    def __str__(self) -> str:
        from urllib.parse import urlsplit, urlunsplit

        parts = urlsplit(self.url)
        # A password in the address is a credential like any other.
        return f"{self.method} {urlunsplit(parts._replace(netloc=parts.netloc.rpartition('@')[2]))}"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came; `payload` is the body after decompression, in the transport's own memory."""

    status_code: int
    headers: Headers
    payload: Bytes | bytes = field(repr=False)
    request: Request

    @property
    def content(self) -> bytes:
        """The body, a copy."""
        return bytes(self.payload)

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")
