"""`/govern`: what an account spends and on what, which limits are near, and how its providers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from trunkline.server.domain.generation.days import day_at, number
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import naming, pressure, providers, records
from trunkline.server.usecases.gateway_ports import Consumption, Dimension
from trunkline.server.web.health import health
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

TOP: Final = 8
"""Models and keys that are named."""
SPANS: Final = (1, 7, 30)
"""Days that spending is summed over, today included."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What one name, or all of them, has used."""

    name: str
    usage: Decimal
    requests: int
    tokens: int


def _show(visit: Visit) -> Answer:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    now, catalogue = context.clock(), context.snapshot()
    today = day_at(now)
    first = today - timedelta(days=max(SPANS) - 1)
    by_model = records.consumption(context.traffic(), account_id, now, Dimension.MODEL, start_date=first)
    by_key = records.consumption(context.traffic(), account_id, now, Dimension.KEY, start_date=first)
    spans = [_sum("", _since(by_model, now, days)) for days in SPANS]
    statistics = {} if context.gateway is None else context.gateway.learned.statistics(now)
    return visit.render(
        "govern_overview.html",
        spans=list(zip(("Today", "7 days", "30 days"), spans, strict=True)),
        models=_top(by_model),
        keys=_top(by_key),
        key_names=naming.keys(context.accounts, account_id, {row.name for row in by_key}),
        pressed=pressure.pressing(context.accounts, account_id, clock=context.clock)[:TOP],
        health=health(statistics, catalogue, frozenset((account_id,)), now)[:TOP],
        usable=len(context.credentials or ()),
        providers=len(providers.list_providers(catalogue)),
        revision=catalogue.revision,
        rows=len(catalogue.rows),
    )


def _since(rows: Sequence[Consumption], now: float, days: int) -> list[Consumption]:
    first = number(day_at(now)) - days + 1
    return [row for row in rows if row.day >= first]


def _sum(name: str, rows: Sequence[Consumption]) -> Sum:
    return Sum(
        name,
        sum((row.usage for row in rows), Decimal(0)),
        sum(row.requests for row in rows),
        sum(row.prompt_tokens + row.completion_tokens for row in rows),
    )


def _top(rows: Sequence[Consumption]) -> list[Sum]:
    by_name: dict[str, list[Consumption]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    sums = [_sum(name, found) for name, found in by_name.items()]
    return sorted(sums, key=lambda row: (-row.usage, -row.requests, row.name))[:TOP]


PAGES = (Page("/govern", _show, menu="Govern"),)
