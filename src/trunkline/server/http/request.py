"""A request as handlers see it: path segments decoded once, query pairs, headers, the host's region."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import BadRequest, Issue, NotFound
from trunkline.server.http.presence import Presence

T = TypeVar("T")
NO_PARAMS: Final[Mapping[str, str]] = MappingProxyType({})
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Request(msgspec.Struct):
    """One request.

    `path` is as sent, without query; `headers` have their names in small letters; `peer` is the address that it came
    from; `presence` tells whether the caller still listens. The front adds the rest: the `region` of the host asked,
    None for global; what `params` its path holds; the `caller` whose valid key came with it; when its body was there
    (`arrived`, Unix seconds), the content `coding` of its answer. `generation_id` is a call's, given to it by
    `inference.inferred`.
    """

    method: str
    path: bytes
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes = b""
    peer: str | None = None
    presence: Presence = msgspec.field(default_factory=Presence)
    region: str | None = None
    params: Mapping[str, str] = NO_PARAMS
    caller: Caller | None = None
    arrived: float = 0.0
    coding: bytes = b""
    generation_id: str = ""

    def read(self, kind: type[T]) -> T:
        """Return the JSON body as a msgspec type; unknown fields are ignored. Raises `BadRequest` naming the field."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            raise BadRequest(issues=[Issue(path.strip("`").lstrip(".") or "body", message)]) from None
        except (msgspec.DecodeError, RecursionError):
            raise BadRequest(issues=[Issue("body", "expected a JSON object")]) from None

    def pairs(self) -> list[tuple[str, str]]:
        """Return the query's decoded pairs in order. Raises `BadRequest` when it is not valid URL encoding."""
        if _BAD_ESCAPE.search(self.query):
            raise BadRequest(issues=[Issue("query", "expected valid percent-encoding")])
        try:
            return parse_qsl(self.query.decode("utf-8"), keep_blank_values=True, errors="strict", separator="&")
        except ValueError:
            raise BadRequest(issues=[Issue("query", "expected UTF-8 text in percent-encoding")]) from None


def segments(path: bytes) -> list[str]:
    """Split a raw path into decoded segments; one trailing slash does not count.

    Raises `NotFound` for a segment that hides a slash or is not UTF-8 (spec 1.1).
    """
    parts = path.removeprefix(b"/").removesuffix(b"/").split(b"/")
    try:
        decoded = [unquote_to_bytes(part).decode("utf-8") for part in parts]
    except UnicodeDecodeError:
        raise NotFound from None
    if any("/" in part for part in decoded):
        raise NotFound
    return decoded
