"""An inference request: the caller's own JSON, kept field by field as it was written, and what we read of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct, field

Raw = msgspec.Raw


class Surface(StrEnum):
    """The operation that was called."""

    CHAT = "chat"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"


CHAT: Final = Surface.CHAT
COMPLETIONS: Final = Surface.COMPLETIONS
EMBEDDINGS: Final = Surface.EMBEDDINGS
"""The same as plain names: a member of an enumeration is looked up by ten times as much work, at each call."""


class Attribution(Struct, frozen=True):
    """Which app called (spec gateway 1.1, 5.7): its canonical URL, title and categories."""

    referer: str | None = None
    title: str | None = None
    categories: tuple[str, ...] = ()


NOBODY: Final = Attribution()
"""No app."""


class Caching(Struct, frozen=True):
    """How long (in seconds) an answer is to be kept, and whether one that is kept already is to be made anew."""

    ttl: int
    clear: bool = False


class GenerationRequest(Struct, frozen=True):
    """One request after reading and checking.

    `fields` are the body's top-level fields in the caller's order, each the raw JSON text of its
    value: what is forwarded keeps its key order and number text. The rest is read from it once.
    `betas` are those of the header `x-anthropic-beta`.
    """

    surface: Surface
    fields: Mapping[str, Raw]
    models: tuple[str, ...]
    stream: bool
    preferences: Mapping[str, object] = field(default_factory=dict[str, object])
    session_id: str | None = None
    user: str | None = None
    service_tier: str | None = None
    attribution: Attribution = NOBODY
    wants_metadata: bool = False
    betas: tuple[str, ...] = ()
    hides_reasoning: bool = False
    """Whether reasoning is left out of the answer; it is counted and billed all the same."""
    debug: bool = False
    caching: Caching | None = None
    """How the answer is to be kept; None where it is not."""

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not null."""
        return name in self.fields and bytes(self.fields[name]) != b"null"
