"""What deliveries change in a catalogue: the rules of replacing, of what is kept, and of what is too much at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from trunkline.server.domain.catalog import layers, pricing
from trunkline.server.domain.catalog.facts import BASE, Change, Delivery, Fact, Kind, Layered, Problem

LARGEST_FACTOR = 100
"""A known price that moves further than this, up or down, is more likely a fault of its source than news."""

STATES_ALL_NOTES = frozenset({"facts", "trunkline-bundle"})
"""Formats that say everything that notes can hold. Others are silent on some of it, and silence deletes nothing."""

_ABOUT_THE_ROW_ITSELF = frozenset({"created_source", "first_listed", "price_source"})
"""Notes that describe values of the row that they came with: a new row's values have their own."""

Key = tuple[str, Kind, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The differences that deliveries make, and the state that follows.

    `dropped` are the keys of endpoints that have no model in any layer; `counts` has for each kind and
    each of `added`, `changed`, `removed`, `unchanged` how many rows.
    """

    changes: tuple[Change, ...]
    after: tuple[Layered, ...]
    dropped: tuple[str, ...]
    warnings: tuple[Problem, ...]
    counts: Mapping[tuple[Kind, str], int]


def plan(current: Iterable[Layered], deliveries: Sequence[Delivery], *, now: int, merge: bool = False) -> Plan:
    """Work out what deliveries change in the current facts; several act in their order, as one.

    A full list replaces its own kind within its layer, an overlay its whole layer, and one model's
    endpoints those of that model. With `merge`, base rows that a full list lacks are kept; of endpoints
    only those of models that it does not speak of. A row whose content is the same is no change,
    whatever its source is called. A model that no layer dates is first listed `now` (Unix seconds, spec 2.13).
    """
    before = {_key(layered): layered for layered in current}
    state = dict(before)
    for delivery in deliveries:
        _apply(state, delivery, merge)
    _date(before, state, now)
    dropped, warnings = _homeless(state)
    for key in dropped:
        del state[key]
    changes, counts = _compare(before, state)
    after = sorted(state.values(), key=lambda layered: layered.layer != BASE)
    return Plan(changes, tuple(after), tuple(key for _, _, key in dropped), warnings, counts)


def check_bounds(before: Iterable[Layered], after: Iterable[Layered]) -> tuple[Problem, ...]:
    """Return what looks like a broken source rather than news.

    A prompt or completion price, known and not zero before, that became zero or moved by more than
    `LARGEST_FACTOR` times; and more than half of the models gone. Prices are compared as they show
    through all layers.
    """
    old, new = layers.merge(before), layers.merge(after)
    problems = []
    gone = old[Kind.MODEL].keys() - new[Kind.MODEL].keys()
    if len(gone) * 2 > len(old[Kind.MODEL]):
        message = f"{len(gone)} of {len(old[Kind.MODEL])} models would be gone"
        problems.append(Problem("models", "", message))
    for kind in (Kind.MODEL, Kind.ENDPOINT):
        for key, fact in old[kind].items():
            if key in new[kind] and new[kind][key] != fact:
                problems += _moved(fact, new[kind][key])
    return tuple(problems)


def differences(change: Change) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields that differ between the two sides of a change: dotted path, value before, value after.

    An absent value is None, as a null is; lists are compared whole.
    """
    before, after = (
        {} if side is None else {**msgspec.json.decode(side.fact.wire), **msgspec.json.decode(side.fact.notes)}
        for side in (change.before, change.after)
    )
    yield from _fields("", before, after)


def _fields(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _fields(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif before != after:
        yield path, before, after


def _key(layered: Layered) -> Key:
    return (layered.layer, layered.fact.kind, layered.fact.key)


def _model_of(endpoint: str) -> str:
    return endpoint.split(" ", 1)[0]


def _apply(state: dict[Key, Layered], delivery: Delivery, merge: bool) -> None:
    stated = {(delivery.layer, fact.kind, fact.key): fact for fact in delivery.facts}
    for key in [key for key in state if key not in stated and _ends(key, delivery, merge)]:
        del state[key]
    keeps_notes = delivery.layer == BASE and delivery.format not in STATES_ALL_NOTES
    for key, fact in stated.items():
        old = state.get(key)
        new = _with_notes_of(old.fact, fact) if old is not None and keeps_notes else fact
        if old is None or not _same(old.fact, new):
            state[key] = Layered(delivery.layer, new)


def _ends(key: Key, delivery: Delivery, merge: bool) -> bool:
    layer, kind, name = key
    if layer != delivery.layer:
        return False
    if layer != BASE:
        return True
    if kind is Kind.ENDPOINT and _model_of(name) in _models_listed_whole(delivery, merge):
        return True
    return kind in delivery.replaces and not merge


def _models_listed_whole(delivery: Delivery, merge: bool) -> frozenset[str]:
    if not (merge and Kind.ENDPOINT in delivery.replaces):
        return delivery.replaces_endpoints_of
    return delivery.replaces_endpoints_of | {_model_of(f.key) for f in delivery.facts if f.kind is Kind.ENDPOINT}


def _with_notes_of(old: Fact, new: Fact) -> Fact:
    kept = {k: v for k, v in msgspec.json.decode(old.notes).items() if k not in _ABOUT_THE_ROW_ITSELF}
    notes = {**kept, **msgspec.json.decode(new.notes)}
    return Fact(new.kind, new.key, new.wire, msgspec.json.encode(notes), new.source)


def _same(one: Fact, other: Fact) -> bool:
    return _equal(one.wire, other.wire) and _equal(one.notes, other.notes)


def _equal(one: bytes, other: bytes) -> bool:
    return one == other or _canonical(one) == _canonical(other)


def _canonical(document: bytes) -> bytes:
    # Compared as text, because Python's True equals 1.
    return msgspec.json.encode(msgspec.json.decode(document), order="sorted")


def _date(before: Mapping[Key, Layered], state: dict[Key, Layered], now: int) -> None:
    """Note on each model that no layer dates when it was first listed, and keep that day ever after."""
    undated = [key for key, row in state.items() if key[1] is Kind.MODEL and not _is_dated(row.fact)]
    names = {name for _, _, name in undated}
    dated = {key[2] for key, row in state.items() if key[2] in names and _is_dated(row.fact)}
    for key in undated:
        if key[2] in dated:
            continue
        fact, old = state[key].fact, before.get(key)
        earlier = msgspec.json.decode(old.fact.notes) if old is not None else {}
        notes = msgspec.json.decode(fact.notes)
        listed = notes.get("first_listed", earlier.get("first_listed", now))
        dates = {"created_source": "first listed", "first_listed": listed}
        new = Fact(fact.kind, fact.key, fact.wire, msgspec.json.encode(notes | dates), fact.source)
        state[key] = old if old is not None and _same(old.fact, new) else Layered(key[0], new)


def _is_dated(fact: Fact) -> bool:
    # The word is sought first, because most rows have it and decoding them all would take a while.
    return b'"created"' in fact.wire and "created" in msgspec.json.decode(fact.wire)


def _homeless(state: Mapping[Key, Layered]) -> tuple[list[Key], tuple[Problem, ...]]:
    """Return base endpoints without a model, and warnings for those of overlays, which wait for their model."""
    models = {name for _, kind, name in state if kind is Kind.MODEL}
    homeless = [key for key in state if key[1] is Kind.ENDPOINT and _model_of(key[2]) not in models]
    waiting = tuple(
        Problem(name, "", f"has no model yet and is not shown (overlay {layer})", fatal=False)
        for layer, _, name in homeless
        if layer != BASE
    )
    return [key for key in homeless if key[0] == BASE], waiting


def _compare(
    before: Mapping[Key, Layered], after: Mapping[Key, Layered]
) -> tuple[tuple[Change, ...], dict[tuple[Kind, str], int]]:
    changes: list[Change] = []
    counts: Counter[tuple[Kind, str]] = Counter()
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old is new:
            counts[key[1], "unchanged"] += 1
            continue
        counts[key[1], "added" if old is None else "removed" if new is None else "changed"] += 1
        changes.append(Change(old, new))
    return tuple(changes), dict(counts)


def _moved(before: Fact, after: Fact) -> Iterator[Problem]:
    for name in ("prompt", "completion"):
        old, new = _price(before, name), _price(after, name)
        if not old or new is None:
            continue
        if new == 0:
            yield Problem(after.key, f"pricing.{name}", f"fell from {pricing.plain(old)} to 0")
        elif max(new / old, old / new) > LARGEST_FACTOR:
            message = f"moved more than {LARGEST_FACTOR} times, from {pricing.plain(old)} to {pricing.plain(new)}"
            yield Problem(after.key, f"pricing.{name}", message)


def _price(fact: Fact, name: str) -> Decimal | None:
    stated = msgspec.json.decode(fact.wire).get("pricing")
    return pricing.amount(stated.get(name)) if isinstance(stated, dict) else None
