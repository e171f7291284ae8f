"""The catalogue as a value: immutable, indexed, each row encoded once; swapped whole, never changed.

Built by `builder.py` from facts. Two things move inside a revision: the price clock (`at(now)` returns
the snapshot whose top-level prices hold at that time) and what traffic teaches (`measured`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from trunkline.server.domain.catalog import pricing, slugs, sorts, wire
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.index import NOTHING_LEARNED, Facets, Index, Learned, Standing
from trunkline.server.domain.catalog.traits import Viewer, permits

_MODEL = msgspec.json.Decoder(wire.Model)
ORDERS = {sort.name: (sort.key, sort.descending) for sort in sorts.SORTS.values()}
_MEASURED_ORDERS = {name: ORDERS[name] for name, sort in sorts.SORTS.items() if sort.measured}


@dataclass(frozen=True, slots=True)
class Row:
    """One model: its id, its JSON as the API shows it, and what the API does not show."""

    id: str
    body: bytes
    notes: Mapping[str, Any]
    endpoints: tuple[Endpoint, ...]
    source: str
    standing: Standing
    windowed: bool = False
    origin: Row | None = None
    """The row as its source states it, where this one holds the prices of a moment."""

    def decode(self) -> dict[str, Any]:
        """Return the row as the API's object, unknown fields included."""
        row: dict[str, Any] = msgspec.json.decode(self.body)
        return row

    def priced(self, moment: pricing.Moment) -> Row:
        """Return the row with its own and its endpoints' prices as they hold at a moment."""
        if not self.windowed:
            return self
        origin = self.origin or self  # outside of all windows a price falls back to the stated one
        row = origin.decode()
        row["pricing"] = pricing.price_at(row["pricing"], moment)
        offers = tuple(
            replace(offer, wire={**offer.wire, "pricing": pricing.price_at(offer.wire["pricing"], moment)})
            for offer in origin.endpoints
        )
        return replace(self, body=msgspec.json.encode(row), endpoints=offers, origin=origin)

    def facets(self) -> Facets:
        """Return what searches look at."""
        offers = [endpoint.offer for endpoint in self.endpoints]
        return Facets.of(_MODEL.decode(self.body), self.notes, offers, self.standing)

    def seen_by(self, viewer: Viewer | None) -> Row | None:
        """Return the row with the endpoints that a viewer (None: the public) may know of; None where not even it."""
        if not permits(self.standing.private_to, viewer):
            return None
        seen = tuple(endpoint for endpoint in self.endpoints if endpoint.traits.permits(viewer))
        return self if len(seen) == len(self.endpoints) else replace(self, endpoints=seen)


@dataclass(frozen=True)
class Snapshot:
    """One state of the catalogue: rows in catalogue order (newest first, then by id).

    `valid` are the Unix times [from, until) in which its prices hold; `warnings` name what was left
    out and why (inert aliases, rows without a target).
    """

    revision: int
    rows: Sequence[Row]
    index: Index
    positions: Mapping[str, int]
    canonical: Mapping[str, int]
    aliases: Mapping[str, str]
    providers: Sequence[Mapping[str, Any]]
    minutes: tuple[int, ...]
    valid: tuple[float, float]
    warnings: tuple[str, ...] = ()
    private_ids: Viewer = frozenset()
    """The ids of accounts and users to whom anything in the catalogue is private."""
    learned: Learned = NOTHING_LEARNED

    @property
    def etag(self) -> str:
        """What changes whenever any answer may change: the revision and the price window."""
        start = self.valid[0]
        return f"{self.revision}" if start == float("-inf") else f"{self.revision}-{int(start):x}"

    def at(self, now: float) -> Snapshot:
        """Return the snapshot whose prices hold at a Unix time: this one, or one with its windows moved on."""
        if self.valid[0] <= now < self.valid[1]:
            return self
        moment = pricing.Moment.of(now)
        rows = [row.priced(moment) for row in self.rows]
        index = Index.of([row.facets() for row in rows], ORDERS)
        moved = replace(self, rows=rows, index=index, valid=pricing.window(self.minutes, now), learned=NOTHING_LEARNED)
        return moved.measured(self.learned)

    def measured(self, learned: Learned) -> Snapshot:
        """Return the snapshot with what traffic has taught by now; the rows stay as they are."""
        if learned == self.learned:
            return self
        return replace(self, index=self.index.measured(learned.models, _MEASURED_ORDERS), learned=learned)

    def public(self) -> Iterator[Row]:
        """Yield the rows that anybody may know of, with the endpoints that anybody may know of."""
        return (seen for row in self.rows if (seen := row.seen_by(None)) is not None)

    def find(self, slug: str, viewer: Viewer | None = None) -> Row | None:
        """Return the row that a slug leads to: id, canonical slug, alias, each with variants (spec 4.2).

        `viewer` are the ids of the account and user who ask; without them private models and
        endpoints do not exist (spec 5.12).
        """
        row = self.locate(slug)
        return None if row is None else row.seen_by(viewer)

    def locate(self, slug: str) -> Row | None:
        """Return the row that a slug leads to, private or not; for the operator and for judging, not for answers."""
        if not slug.isascii():
            return None
        position = self._position(slug.lower())
        if position is None and (parsed := slugs.parse(slug)) is not None:
            position = self._position(parsed.id)
            if position is None and parsed.variant is not None:
                position = self._variant(parsed.base, parsed.variant)
        return None if position is None else self.rows[position]

    def _position(self, slug: str) -> int | None:
        for table in (self.positions, self.canonical):
            if slug in table:
                return table[slug]
        target = self.aliases.get(slug)
        return None if target is None else self.positions.get(target, self.canonical.get(target))

    def _variant(self, base: str, variant: str) -> int | None:
        target = self.aliases.get(base, base)
        if (position := self.positions.get(f"{target}:{variant}")) is not None:
            return position
        if (carrier := self.canonical.get(target)) is not None:
            default = self.rows[carrier].id.partition(":")[0]
            return self.positions.get(f"{default}:{variant}")
        return None
