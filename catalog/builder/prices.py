"""Settles the price of each row between models.dev and genai-prices, and says where it came from.

The newer-dated of two prices counts. models.dev is dated by its snapshot; a price of genai-prices is
dated only where it says from which day on it holds. One without a date changes nothing unless people
have decided so (`prices` in models.yaml), but a disagreement is always reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase

from builder.genai_prices import Listed, PriceBook
from trunkline.server.adapters.feeds.models_dev.matching import key, take_apart
from trunkline.server.adapters.feeds.models_dev.rows import Row, Tier

LEGACY = 200_000
"""The threshold that the newest source writes for every tier, whatever the provider's own is."""

COMPARED = ("input", "output")


@dataclass(slots=True)
class Settled:
    """Rows with their final prices, and every disagreement as (row, what genai-prices says, taken)."""

    rows: list[Row] = field(default_factory=list)
    conflicts: list[tuple[Row, Listed, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sources:
    """Names and dates of both sources, and which genai-prices providers stand for a models.dev one."""

    rows: str
    rows_day: date
    book: str
    twins: Mapping[str, Sequence[str]]
    decided: Mapping[str, str]

    def decision(self, row: Row) -> str | None:
        """Return the genai-prices provider that people have decided to believe for this row."""
        name = f"{row.provider}/{row.id}"
        return next((provider for pattern, provider in self.decided.items() if fnmatchcase(name, pattern)), None)


def settle(rows: Iterable[Row], dated: Iterable[Row], book: PriceBook, sources: Sources) -> Settled:
    """Return `rows` with true tier thresholds and the newer-dated prices; `dated` knows thresholds."""
    rows = list(rows)
    listings = [_listed(row, book, sources) for row in rows]
    thresholds = _thresholds(dated, zip(rows, listings, strict=True))
    settled = Settled()
    for row, listed in zip(rows, listings, strict=True):
        sized = replace(_resized(row, thresholds), price_source=sources.rows)
        if listed is None or _agree(row, listed):
            settled.rows.append(sized)
            continue
        newer = listed.since is not None and listed.since > sources.rows_day
        taken = bool(listed.tiers[0].prices) and (newer or sources.decision(row) is not None)
        settled.conflicts.append((row, listed, taken))
        since = f", in force since {listed.since}" if listed.since else ""
        settled.rows.append(row.with_prices(listed.tiers, f"{sources.book}{since}") if taken else sized)
    return settled


def _listed(row: Row, book: PriceBook, sources: Sources) -> Listed | None:
    decided = sources.decision(row)
    twins = [decided] if decided else sources.twins.get(row.provider, ())
    return next(filter(None, (book.find(twin, row.id) for twin in twins)), None)


def _agree(row: Row, listed: Listed) -> bool:
    """Compare the main prices; a completion price that one side lacks and the other calls 0 is the same."""
    prices = listed.tiers[0].prices
    return all((row.base.get(name) or 0) == (prices.get(name) or 0) for name in COMPARED)


def _name(row: Row) -> str:
    return key(take_apart(row.provider, row.id).text)


def _thresholds(dated: Iterable[Row], listings: Iterable[tuple[Row, Listed | None]]) -> dict[str, int]:
    """Return model name -> the one threshold other than `LEGACY` that any better source states for it."""
    found: dict[str, set[int]] = defaultdict(set)
    stated = [(row, row.tiers) for row in dated] + [(row, listed.tiers) for row, listed in listings if listed]
    for row, tiers in stated:
        found[_name(row)] |= {tier.above for tier in tiers if tier.above > LEGACY}
    return {name: next(iter(sizes)) for name, sizes in found.items() if len(sizes) == 1}


def _resized(row: Row, thresholds: Mapping[str, int]) -> Row:
    """Give a row's only long-prompt tier the threshold that a better source states."""
    if [tier.above for tier in row.tiers if tier.above] != [LEGACY]:
        return row
    size = thresholds.get(_name(row), LEGACY)
    return replace(row, tiers=tuple(Tier(size if tier.above else 0, tier.prices) for tier in row.tiers))
