"""How many models each choice of a filter would leave: what a form shows beside its boxes.

A choice is counted as if it were taken on top of everything that is chosen already. In a filter of which any word
is enough, the words chosen so far do not narrow its own counts, since taking another one widens the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trunkline.server.domain.catalog.columns import Mask, Postings
from trunkline.server.domain.catalog.filters import FILTERS, Filter
from trunkline.server.domain.catalog.index import Index
from trunkline.server.domain.catalog.query import Allowed


@dataclass(frozen=True, slots=True)
class Counted:
    """Where the choices of a filter on rows are, and whether all chosen ones must hold (else any of them)."""

    posting: str
    together: bool


WORDS = {
    "category": Counted("categories", together=False),
    "input_modalities": Counted("inputs", together=True),
    "output_modalities": Counted("outputs", together=False),
    "supported_parameters": Counted("parameters", together=True),
    "model_authors": Counted("author", together=False),
}
"""The filters whose choices are words of the rows; the others are counted by asking them for each choice."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What each filter lets pass by itself; `lines` stand for endpoints, which must satisfy all of them at once."""

    index: Index
    shown: Mask
    seen: Mask
    rows: Mapping[str, Mask]
    lines: Mapping[str, Mask]

    def others(self, name: str) -> Mask:
        """Return the rows that pass all filters but one."""
        mask = self.shown.copy()
        for own, passing in self.rows.items():
            if own != name:
                mask &= passing
        lines = self.others_lines(name)
        return mask if lines is None else mask & self.index.offers.rows_of(lines)

    def others_lines(self, name: str) -> Mask | None:
        """Return the endpoints that pass all filters on endpoints but one, None where no other is set."""
        found: Mask | None = None
        for own, passing in self.lines.items():
            if own != name:
                found = (self.seen if found is None else found) & passing
        return found


def counts(
    index: Index,
    values: Mapping[str, Any],
    now: float,
    region: str | None = None,
    allowed: Allowed | None = None,
) -> dict[str, dict[str, int]]:
    """Return for each filter that has choices how many models each of them would leave; zeros are left out.

    `values`, `now`, `region` and `allowed` are those of `query.select`, whose answer a count foretells.
    """
    parts = _parts(index, values, now, region, allowed)
    found: dict[str, dict[str, int]] = {}
    for name, filter_ in FILTERS.items():
        if name in WORDS:
            row = WORDS[name]
            mask = parts.others(name)
            if row.together and name in parts.rows:
                mask &= parts.rows[name]
            found[name] = dict(_words(index.postings[row.posting], mask))
        elif name == "providers":
            found[name] = dict(_providers(parts))
        elif name == "arch":  # `Llama` means its numbered groups, too
            families = {family: (family,) for family in index.postings["tokenizer"].positions if family}
            found[name] = dict(_asked(filter_, families, parts, now))
        elif "enum" in filter_.schema:
            words = {word: filter_.read(word) for word in filter_.schema["enum"]}
            found[name] = dict(_asked(filter_, words, parts, now))
    return found


def _parts(index: Index, values: Mapping[str, Any], now: float, region: str | None, allowed: Allowed | None) -> _Parts:
    rows: dict[str, Mask] = {}
    lines: dict[str, Mask] = {}
    if region is not None:
        lines["the host"] = index.offers.region[region]
    for name, filter_ in FILTERS.items():
        value = values.get(name, filter_.default)
        if value is None or value == ():
            continue
        if filter_.offers is not None:
            lines[name] = filter_.offers(index.offers, value)
        elif filter_.rows is not None:
            rows[name] = filter_.rows(index, value, now)
    shown = index.public if allowed is None else allowed.rows
    seen = index.offers.public if allowed is None else allowed.lines
    return _Parts(index, shown, seen, rows, lines)


def _words(postings: Postings, mask: Mask) -> Iterator[tuple[str, int]]:
    for word, positions in postings.positions.items():
        if count := int(np.count_nonzero(mask[positions])):
            yield word, count


def _asked(filter_: Filter, words: Mapping[str, Any], parts: _Parts, now: float) -> Iterator[tuple[str, int]]:
    name, index = filter_.name, parts.index
    mask = parts.others(name)
    for word, value in words.items():
        if filter_.rows is not None:
            passing = filter_.rows(index, value, now)
        else:
            assert filter_.offers is not None, "a filter is on rows or on endpoints"
            others = parts.others_lines(name)
            lines = filter_.offers(index.offers, value) & (parts.seen if others is None else others)
            passing = index.offers.rows_of(lines)
        if count := int(np.count_nonzero(mask & passing)):
            yield word, count


def _providers(parts: _Parts) -> Iterator[tuple[str, int]]:
    table, mask = parts.index.offers, parts.others("providers")
    others = parts.others_lines("providers")
    passing = (parts.seen if others is None else others) & mask[table.row]
    for word, lines in table.provider.positions.items():
        rows = table.row[lines[passing[lines]]]
        if rows.size:  # lines stand in the order of rows: a row that follows itself is counted once
            yield word, int(np.count_nonzero(np.diff(rows))) + 1
