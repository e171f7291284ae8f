"""One catalogue out of many layers: overlays laid over the base, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from trunkline.server.domain.catalog.facts import BASE, Fact, Kind, Layered
from trunkline.server.domain.catalog.stated import UNREADABLE

Facts = dict[Kind, dict[str, Fact]]


def merge(facts: Iterable[Layered]) -> Facts:
    """Return the effective facts by kind and key, in stored order.

    Overlays are applied in the order of their names, so that the outcome does not hang on the order
    of imports; a row that only an overlay states is a row of its own.
    """
    merged: Facts = {kind: {} for kind in Kind}
    overlays: list[Layered] = []
    for layered in facts:
        if layered.layer == BASE:
            merged[layered.fact.kind][layered.fact.key] = layered.fact
        else:
            overlays.append(layered)
    for layered in sorted(overlays, key=lambda item: item.layer):
        rows = merged[layered.fact.kind]
        below = rows.get(layered.fact.key)
        rows[layered.fact.key] = layered.fact if below is None else _over(below, layered.fact)
    return merged


def beneath(stored: Iterable[Layered], facts: Iterable[Fact]) -> Iterator[Layered]:
    """Yield stored facts and then, in the base, others of models (or of their endpoints) that nobody has stored."""
    known: set[str] = set()
    for layered in stored:
        if layered.fact.kind is Kind.MODEL:
            known.add(layered.fact.key)
        yield layered
    for fact in facts:
        if fact.key.split(" ", 1)[0] not in known:
            yield Layered(BASE, fact)


def _over(below: Fact, above: Fact) -> Fact:
    return Fact(
        below.kind,
        below.key,
        _merged(below.wire, above.wire),
        _merged(below.notes, above.notes),
        f"{below.source}, {above.source}",
    )


def _merged(below: bytes, above: bytes) -> bytes:
    fields: dict[str, object] = {}
    for text in (below, above):
        try:
            fields |= msgspec.json.decode(text, type=dict)
        except UNREADABLE:
            return text  # passed on as it is, so that whoever reads the row can name what is wrong with it
    return msgspec.json.encode(fields)
