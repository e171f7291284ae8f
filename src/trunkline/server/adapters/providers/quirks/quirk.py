"""How one provider departs from its dialect, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Thinking:
    """A provider's own words for reasoning: a switch, and the most tokens that may be thought.

    `budget` is None where there is no such field; its value is kept between `least` and `most`.
    """

    switch: str
    budget: str | None = None
    least: int = 1
    most: int = 1 << 31


@dataclass(frozen=True, slots=True)
class Quirk:
    """What a provider takes otherwise; the names are top-level fields of the request.

    `drop`: refused or misread. `rename`: called otherwise. `add`: said where the caller says nothing of it.
    `limit`: the one name of the answer's limit that the provider documents; of both the caller's, the newer counts.
    `effort`: takes `reasoning_effort` where others take the `reasoning` object. `thinking`: takes neither, but words
    of its own. `completion_limit`: its reasoning models want `max_completion_tokens` for `max_tokens`.
    `cache_control`: takes Anthropic's cache breakpoints. `tiers`: takes `service_tier`. `cancels`: stops working,
    and billing, when its connection is closed. `sources`: where that is written.
    """

    drop: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=dict)
    add: Mapping[str, Any] = field(default_factory=dict)
    limit: str | None = None
    effort: bool = False
    thinking: Thinking | None = None
    completion_limit: bool = False
    cache_control: bool = False
    tiers: bool = False
    cancels: bool = True
    sources: tuple[str, ...] = ()


NONE: Final = Quirk()
