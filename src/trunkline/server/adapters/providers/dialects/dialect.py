"""What a dialect is: how a request is written, and how an answer is read; pure functions, no sockets."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from trunkline.server.adapters.providers.quirks import Quirk
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Event
from trunkline.server.domain.generation.request import Surface

MOST: Final = 10**9
"""Tokens; no answer and no prompt has more, and an upstream that says so has not counted."""
_HALF: Final = re.compile("[\ud800-\udfff]")
UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What decoding hostile JSON raises."""


class Garbage(Exception):
    """A body or event that is not of the dialect; the message is for people, without what was read."""


class NotExpressible(Exception):
    """A request that the dialect has no words for; the message is for the caller."""


class Addressee(msgspec.Struct, frozen=True):
    """Who an attempt goes to, as far as its wording depends on it: `user` is the hash that stands for the caller.

    `completions`: text completions are served, so that a bare prompt can stay one. `names` is a dialect's memory of
    the fields that it has sent to an endpoint: it is kept for as long as the endpoint.
    """

    model: str
    user: str
    quirk: Quirk
    completions: bool = False
    names: dict[str, str | None] = msgspec.field(default_factory=dict)


class Encoded(msgspec.Struct, frozen=True):
    """A request as it goes out: `path` below the base URL, headers beside authorization, and the exact body."""

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Decoder(Protocol):
    """Reads the events of one streamed answer."""

    @property
    def done(self) -> bool:
        """Whether the upstream has said that nothing follows."""
        ...

    def take(self, data: bytes) -> Sequence[Event]:
        """Return what one event of the stream says. Raises `Garbage`."""
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format. `encode` raises `NotExpressible`, `whole` and the decoder `Garbage`.

    `whole` reads a complete body. `key_header` is the name of the header that carries the key and what stands
    before the key in it.
    """

    encode: Callable[[Attempt, Addressee], Encoded]
    decoder: Callable[[Surface], Decoder]
    whole: Callable[[bytes, Surface], Sequence[Event]]
    key_header: tuple[str, str]


def decoded_object(data: bytes) -> dict[str, Any]:
    """Return a JSON object. Raises `Garbage` for anything else."""
    try:
        value = msgspec.json.decode(data)
    except UNREADABLE:
        value = _leniently(data)
    if not isinstance(value, dict):
        raise Garbage("the provider sent JSON that is no object")
    return value


def _leniently(data: bytes) -> object:
    """Return what JSON with a byte order mark, half a surrogate pair, NaN or numbers beyond all bounds says.

    Those numbers are null, such halves U+FFFD. Python's own encoder writes both, and many servers are written with it.
    Raises `Garbage`.
    """
    try:
        value = json.loads(data, parse_constant=lambda _: None, parse_float=_finite)
        return msgspec.json.decode(_HALF.sub("\ufffd", json.dumps(value, ensure_ascii=False)))
    except (ValueError, RecursionError):
        raise Garbage("the provider sent something that is not JSON") from None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def count(value: object) -> int:
    """Return a whole number of 0 or more from what an upstream gives as a count, 0 for what is none."""
    if type(value) is int:  # what nearly all are
        return value if 0 <= value <= MOST else 0
    if isinstance(value, bool) or not isinstance(value, int | float) or value > MOST:
        return 0
    # NaN and infinities are no JSON, so that every float here is a number.
    return max(int(value), 0)
