"""Turns changes into batches of statement parameters, and refuses names that no database can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from trunkline.server.domain.catalog.facts import Change, Layered, Problem
from trunkline.server.errors import FeedRefused

Row = dict[str, Any]
T = TypeVar("T")

BATCH: Final = 2000
"""Parameter sets sent at a time: enough to make the call's own cost vanish, few enough to take 2 MB."""

_PLACES_PER_REVISION_BITS: Final = 32


def ended_rows(number: int, changes: Sequence[Change]) -> Iterator[list[Row]]:
    """Yield parameters of `statements.END` for every row that revision `number` ends."""
    return _batched({**_identity(c.before), "row_revision": number} for c in changes if c.before is not None)


def new_rows(number: int, changes: Sequence[Change]) -> Iterator[list[Row]]:
    """Yield parameters of `statements.ADD` for every row that begins with revision `number`.

    A new fact's place is the revision's number and then its index in `changes`: it follows all that were
    placed before without a look at them.
    """
    first = number << _PLACES_PER_REVISION_BITS
    return _batched(
        {
            **_identity(change.after),
            "row_revision": number,
            "row_position": first + index,
            "row_wire": change.after.fact.wire,
            "row_notes": change.after.fact.notes,
            "row_source": change.after.fact.source,
        }
        for index, change in enumerate(changes)
        if change.after is not None
    )


def refuse_unstorable(title: str, changes: Sequence[Change]) -> None:
    """Raise `FeedRefused` with one problem for each name that holds U+0000 or half a surrogate pair.

    PostgreSQL's text has no U+0000 and UTF-8 has no surrogates; a name that one database keeps and another
    refuses would make a catalogue that cannot be moved. Anything else in a name is kept exactly.
    """
    names = [("", "title", title)]
    problems = [problem for key, field, text in names for problem in _problems(key, field, text)]
    for change in changes:
        if change.after is not None:
            fact = change.after.fact
            for field, text in (("key", fact.key), ("layer", change.after.layer), ("source", fact.source)):
                problems.extend(_problems(fact.key, field, text))
    if problems:
        raise FeedRefused("names hold characters that the store cannot keep", problems)


def _problems(key: str, field: str, text: str) -> Iterator[Problem]:
    if "\0" in text or not (text.isascii() or _is_utf8(text)):
        yield Problem(ascii(key), field, "holds U+0000 or half a surrogate pair")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _identity(row: Layered) -> Row:
    return {"row_layer": row.layer, "row_kind": row.fact.kind.value, "row_key": row.fact.key}


def _batched(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch
