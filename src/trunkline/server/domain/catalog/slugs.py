"""The grammar of model slugs and what each kind of slug leads to (spec section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PATTERN = re.compile(r"~?[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*(?::[a-z0-9-]+)*")

DYNAMIC_VARIANTS = frozenset({"nitro", "floor", "online", "exacto"})
"""Suffixes that change the routing of a call, never the row (spec 4.2)."""


@dataclass(frozen=True, slots=True)
class Slug:
    """A slug taken apart: `base` is `author/name` (with `~` where it has one), `variant` its static suffix."""

    base: str
    variant: str | None
    dynamic: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id that the slug would have as a row: base and static variant."""
        return self.base if self.variant is None else f"{self.base}:{self.variant}"


def is_id(text: str) -> bool:
    """Tell whether a text is written as a model id must be (spec 4.1)."""
    return _PATTERN.fullmatch(text) is not None


def author(model_id: str) -> str:
    """Return the author of an id: its first segment without `~`."""
    return model_id.split("/", 1)[0].removeprefix("~")


def variant(model_id: str) -> str | None:
    """Return the static variant suffix of an id, None for the default variant."""
    return model_id.partition(":")[2] or None


def permaslug(canonical_slug: str, model_id: str) -> str:
    """Return the variant canonical slug of a row: its canonical slug and the variant of its id (spec 0.2)."""
    suffix = variant(model_id)
    return canonical_slug if suffix is None or ":" in canonical_slug else f"{canonical_slug}:{suffix}"


def parse(text: str) -> Slug | None:
    """Take a slug apart, lower-casing it; None when it is none (spec 4.1, 4.2).

    Only ASCII is lower-cased, for some look-alikes become ASCII letters by it. At most one static
    suffix and any number of distinct dynamic ones, in any order.
    """
    if not text.isascii() or not is_id(text := text.lower()):
        return None
    base, *suffixes = text.split(":")
    dynamic = tuple(suffix for suffix in suffixes if suffix in DYNAMIC_VARIANTS)
    static = [suffix for suffix in suffixes if suffix not in DYNAMIC_VARIANTS]
    if len(static) > 1 or len(set(dynamic)) != len(dynamic):
        return None
    return Slug(base, static[0] if static else None, dynamic)


def resolve_aliases(targets: Mapping[str, str], ids: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Follow alias chains to their ends (spec 4.3).

    `targets` maps each alias to what it names, `ids` are the existing rows. Returns the aliases with
    their final targets, and the aliases left out with the reason: one that shadows a row, or a cycle.
    """
    rows = set(ids)
    ends: dict[str, str] = {}
    refused: dict[str, str] = {alias: "shadows a model of that id" for alias in targets if alias in rows}
    for alias in targets:
        chain: list[str] = []
        seen: set[str] = set()
        step = alias
        while step in targets and step not in ends and step not in refused and step not in seen:
            chain.append(step)
            seen.add(step)
            step = targets[step]
        if step in seen or (step in refused and step not in rows):
            refused.update((link, "is part of a cycle") for link in chain)
        else:
            ends.update((link, ends.get(step, step)) for link in chain)
    return ends, refused
