"""`/rankings`: which models and apps use most tokens of this server, week by week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from trunkline.server.domain.generation.days import last_completed, period_start
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import datasets
from trunkline.server.usecases.datasets import OTHER, Ranking
from trunkline.server.web.formats import path
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

WEEKS: Final = 12
COLOURS: Final = 6
"""Models with a colour of their own in the chart: those with most tokens in all weeks together."""
_WIDTH, _HEIGHT = 960, 260


def _rankings(visit: Visit) -> Answer:
    context = visit.context
    catalogue, now = context.snapshot(), context.clock()
    last = last_completed(now)
    monday = period_start(last, "week")
    first = monday - timedelta(weeks=WEEKS - 1)
    _, rows = datasets.rankings(context.traffic(), catalogue, now, start_date=first, end_date=last, period="week")
    sort = datasets.TRENDING if dict(visit.pairs).get("apps") == datasets.TRENDING else datasets.APP_SORTS[0]
    _, apps = datasets.app_rankings(context.traffic(), now, sort=sort)
    weeks = [first + timedelta(weeks=number) for number in range(WEEKS)]
    names = _most(rows)
    latest = [row for row in rows if row.date == monday]
    before = {row.model_permaslug: row.total_tokens for row in rows if row.date == monday - timedelta(weeks=1)}
    known = {slug: row.id for slug in {r.model_permaslug for r in rows} if (row := catalogue.find(slug)) is not None}
    return visit.render(
        "rankings.html",
        weeks=weeks,
        bars=_bars(rows, weeks, names),
        names=names,
        latest=latest,
        share=sum(row.total_tokens for row in latest) or 1,
        before=before,
        monday=monday,
        today=datetime.fromtimestamp(now, UTC).date(),
        addresses={slug: f"/models/{path(found)}" for slug, found in known.items()},
        other=OTHER,
        apps=apps,
        sort=sort,
        most_app=max((app.total_tokens for app in apps), default=1) or 1,
        width=_WIDTH,
        height=_HEIGHT,
    )


def _most(rows: list[Ranking]) -> list[str]:
    sums: dict[str, int] = {}
    for row in rows:
        if row.model_permaslug != OTHER:
            sums[row.model_permaslug] = sums.get(row.model_permaslug, 0) + row.total_tokens
    return sorted(sums, key=lambda name: (-sums[name], name))[:COLOURS]


def _bars(
    rows: list[Ranking], weeks: list[date], names: list[str]
) -> list[tuple[date, int, list[tuple[int, float, float]]]]:
    """Return for each week its tokens and its blocks: colour (0 for all others), top and height in pixels."""
    totals = {week: sum(row.total_tokens for row in rows if row.date == week) for week in weeks}
    highest = max(totals.values(), default=0) or 1
    found = []
    for week in weeks:
        own = {row.model_permaslug: row.total_tokens for row in rows if row.date == week}
        parts = [(place, own.pop(name, 0)) for place, name in enumerate(names, 1)]
        blocks, at = [], float(_HEIGHT)
        for colour, tokens in [*parts, (0, sum(own.values()))]:
            if tokens:
                height = tokens / highest * (_HEIGHT - 10)
                at -= height
                blocks.append((colour, at, height))
        found.append((week, totals[week], blocks))
    return found


PAGES = (Page("/rankings", _rankings, menu="Rankings"),)
