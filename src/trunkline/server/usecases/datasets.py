"""Rankings of models and apps by tokens, from this server's own public traffic (spec 1.5, 2.12, gateway 5.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.generation.days import Days, day_of, period_start, window
from trunkline.server.usecases.bodies import refuse
from trunkline.server.usecases.gateway_ports import AppUsage, Records

TOP: Final = 50
OTHER: Final = "other"
PERIODS: Final = ("day", "week", "month")
TOOL_CALLING: Final = "tool_calling"
MODALITIES: Final = {
    "text": ("outputs", "text"),
    "image": ("inputs", "image"),
    "image_output": ("outputs", "image"),
    "audio": ("inputs", "audio"),
    TOOL_CALLING: ("", ""),
}
"""Each modality with the field of a model that must name it; tool calling is a property of the call."""
CONTEXTS: Final = {"1K": 3, "10K": 4, "100K": 5, "1M": 6, "10M": 7}
LANGUAGE_TYPES: Final = ("natural", "programming")
APP_CATEGORIES: Final = {
    "coding": ("cli-agent", "ide-extension", "cloud-agent", "programming-app", "native-app-builder"),
    "creative": ("creative-writing", "video-gen", "image-gen", "audio-gen"),
    "entertainment": ("roleplay", "game"),
    "productivity": ("writing-assistant", "general-chat", "personal-agent", "legal"),
}
SUBCATEGORIES: Final = tuple(name for names in APP_CATEGORIES.values() for name in names)
TRENDING: Final = "trending"
APP_SORTS: Final = ("popular", TRENDING)
_EARLIER: Final = 3


@dataclass(frozen=True, slots=True)
class Ranking:
    """One model's tokens in the period that begins on a day."""

    date: date
    model_permaslug: str
    total_tokens: int


@dataclass(frozen=True, slots=True)
class AppRanking:
    """One app's place."""

    rank: int
    app_id: int
    app_name: str
    total_tokens: int
    total_requests: int


def rankings(
    records: Records,
    catalogue: Snapshot,
    now: float,
    *,
    start_date: date | None = None,
    end_date: date | None = None,
    period: str | None = None,
    modality: str | None = None,
    context_bucket: str | None = None,
    category: str | None = None,
    language_type: str | None = None,
) -> tuple[Days, list[Ranking]]:
    """Return the days looked at and, for each period, the fifty models with most tokens and the rest as `other`.

    Requests are not classified by content here, so a `category` or `language_type` finds none. Raises `BadRequest`.
    """
    classified = [name for name, given in (("category", category), ("language_type", language_type)) if given]
    if classified and (len(classified) > 1 or modality or context_bucket):
        raise refuse(classified[0], "cannot be combined with other filters")
    if classified and period == PERIODS[0]:
        raise refuse("period", "expected week or month, with category or language_type")
    days = window(start_date, end_date, now)
    if classified:
        return days, []
    first, last = days.numbers
    found = records.tokens(first, last, context=CONTEXTS.get(context_bucket or ""), tools=modality == TOOL_CALLING)
    wanted = None if modality in {None, TOOL_CALLING} else _of_modality(catalogue, *MODALITIES[modality or ""])
    sums: dict[date, dict[str, int]] = {}
    for number, permaslug, tokens in found:
        if wanted is None or permaslug in wanted:
            of_period = sums.setdefault(period_start(day_of(number), period or PERIODS[0]), {})
            of_period[permaslug] = of_period.get(permaslug, 0) + tokens
    return days, [row for start in sorted(sums) for row in _ranked(start, sums[start])]


def _ranked(start: date, tokens: dict[str, int]) -> Iterable[Ranking]:
    ordered = sorted(((slug, count) for slug, count in tokens.items() if count), key=lambda row: (-row[1], row[0]))
    yield from (Ranking(start, slug, count) for slug, count in ordered[:TOP])
    if rest := sum(count for _, count in ordered[TOP:]):
        yield Ranking(start, OTHER, rest)


def _of_modality(catalogue: Snapshot, field: str, word: str) -> set[str]:
    rows = np.flatnonzero(catalogue.index.postings[field].any_of((word,)))
    return {catalogue.rows[position].standing.permaslug for position in rows.tolist()}


def app_rankings(
    records: Records,
    now: float,
    *,
    category: str | None = None,
    subcategory: str | None = None,
    sort: str = APP_SORTS[0],
    start_date: date | None = None,
    end_date: date | None = None,
    limit: int = TOP,
    offset: int = 0,
) -> tuple[Days, list[AppRanking]]:
    """Return the days looked at, and the apps with most tokens in them or with the largest growth.

    Growth is the tokens of the window less the mean of the three windows before it. Raises `BadRequest`.
    """
    if category and subcategory and subcategory not in APP_CATEGORIES[category]:
        raise refuse("subcategory", f"expected one of: {', '.join(APP_CATEGORIES[category])}")
    wanted = (subcategory,) if subcategory else APP_CATEGORIES[category] if category else ()
    days = window(start_date, end_date, now)
    apps = records.apps(*days.numbers, wanted)
    scores = {app.id: float(app.tokens) for app in apps}
    if sort == TRENDING:
        for times in range(1, _EARLIER + 1):
            for app in records.apps(*days.before(times).numbers, wanted):
                if app.id in scores:
                    scores[app.id] -= app.tokens / _EARLIER
    ordered = sorted((app for app in apps if scores[app.id] > 0), key=lambda app: (-scores[app.id], app.id))
    ranked = [_app(place, app) for place, app in enumerate(ordered, 1)]
    return days, ranked[offset : offset + limit]


def _app(rank: int, app: AppUsage) -> AppRanking:
    return AppRanking(rank, app.id, app.title or app.origin.partition("://")[2], app.tokens, app.requests)
