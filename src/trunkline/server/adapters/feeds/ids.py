"""Judges the names that a document gives to its rows, before they become keys (spec 4.1)."""

from __future__ import annotations

import re

from trunkline.server.adapters.feeds.shapes import shown
from trunkline.server.domain.catalog import slugs

LONGEST = 200
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*")
_TAG = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9._-]*){0,3}")


def id_fault(value: object) -> str | None:
    """Return why a value cannot be a model's id or canonical slug, None when it can."""
    if not isinstance(value, str):
        return "expected a model id as a string"
    if slugs.is_id(value) and ".." not in value and len(value) <= LONGEST:
        return None
    return f"is no model id: {_reason(value, 'author/name with an optional :variant')}"


def tag_fault(value: object) -> str | None:
    """Return why a value cannot be an endpoint's tag (`provider` or `provider/variant`), None when it can."""
    if not isinstance(value, str):
        return "expected an endpoint tag as a string"
    if _TAG.fullmatch(value) and ".." not in value and len(value) <= LONGEST:
        return None
    return f"is no endpoint tag: {_reason(value, 'a provider slug with an optional /variant')}"


def slug_fault(value: object) -> str | None:
    """Return why a value cannot be a provider's slug, None when it can."""
    if not isinstance(value, str):
        return "expected a provider slug as a string"
    if _SLUG.fullmatch(value) and len(value) <= LONGEST:
        return None
    return f"is no provider slug: {_reason(value, 'lower-case letters, digits, hyphens')}"


def _reason(value: str, expected: str) -> str:
    if len(value) > LONGEST:
        return f"longer than {LONGEST} characters"
    strange = next((char for char in value if not (char.isascii() and char.isprintable())), None)
    if strange is not None:
        return f"{shown(value)} holds the character U+{ord(strange):04X}"
    for sign, word in ((r"\.\.", "`..`"), ("%", "a percent-encoded character"), ("[A-Z]", "upper-case letters")):
        if re.search(sign, value):
            return f"{shown(value)} holds {word}"
    return f"{shown(value)} is not {expected}"
