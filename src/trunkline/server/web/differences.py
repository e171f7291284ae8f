"""What differs between two states of a row, field by field, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from trunkline.server.domain.catalog.changes import differences
from trunkline.server.domain.catalog.facts import Change

LONGEST: Final = 400
"""Characters of a value that are shown."""
FIELDS: Final = 24
"""Fields of one row that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: its dotted path and both values as text, None where there was or is none."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One row of the catalogue: what happened to it, of which kind and layer, and its fields where it changed."""

    step: str
    kind: str
    layer: str
    key: str
    fields: tuple[Difference, ...]
    more: int


def of_row(change: Change) -> ChangedRow:
    """Return a change of the catalogue as it is read; new and removed rows without their fields."""
    side = change.after or change.before
    assert side is not None
    step = "added" if change.before is None else "removed" if change.after is None else "changed"
    found = list(differences(change)) if step == "changed" else []
    shown = tuple(Difference(path, _text(before), _text(after)) for path, before, after in found[:FIELDS])
    return ChangedRow(step, side.fact.kind.value, side.layer, side.fact.key, shown, max(0, len(found) - FIELDS))


def between(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Difference, ...]:
    """Return what differs between two states of a row; of a new or removed one, all that is stated."""
    pairs = _fields("", before or {}, after or {})
    return tuple(Difference(path, _text(old), _text(new)) for path, old, new in islice(pairs, FIELDS))


def _fields(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from _fields(f"{path}.{name}" if path else str(name), before.get(name), after.get(name))
    elif before != after:
        yield path, before, after


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        text = value
    elif isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        text = ", ".join(value) or "none"
    else:
        text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
