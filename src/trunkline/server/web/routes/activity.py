"""`/govern/activity`: what was used by day, split by model, provider, key, app, workspace or user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from trunkline.server.domain.generation.days import DEFAULT_DAYS, LONGEST_DAYS, day_at, day_of
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import chosen_key, naming, records
from trunkline.server.usecases.gateway_ports import Consumption, Dimension
from trunkline.server.web import figures, formats
from trunkline.server.web.page import Page
from trunkline.server.web.stacks import MEASURES, stacks
from trunkline.server.web.visit import Visit

SPANS: Final = (7, 30, 90, 365)
SAID: Final[Mapping[str, Callable[[Decimal], str]]] = {
    "usage": figures.spent,
    "requests": lambda value: f"{value:,.0f} calls",
    "tokens": lambda value: f"{formats.tokens(float(value))} tokens",
}
TITLES: Final = {"usage": "Spent", "requests": "Calls", "tokens": "Tokens"}
NOTHING: Final = {
    Dimension.MODEL: "no model served",
    Dimension.PROVIDER: "no provider served",
    Dimension.KEY: "no key",
    Dimension.APP: "no app named",
    Dimension.WORKSPACE: "no workspace",
    Dimension.USER: "no member",
}


def _show(visit: Visit) -> Answer:
    assert visit.who is not None
    context, account_id, asked = visit.context, visit.who.account.id, dict(visit.pairs)
    by = _one_of(asked, "by", [word.value for word in Dimension], Dimension.MODEL.value)
    measure = _one_of(asked, "measure", list(MEASURES), "usage")
    days = int(_one_of(asked, "days", [str(span) for span in SPANS], str(DEFAULT_DAYS)))
    now = context.clock()
    today = day_at(now)
    first = today - timedelta(days=min(days, LONGEST_DAYS) - 1)
    rows = records.consumption(
        context.traffic(),
        account_id,
        now,
        Dimension(by),
        start_date=first,
        api_key_hash=asked.get("key"),
        model=asked.get("model"),
    )
    drawn = stacks(rows, first, today, measure, _label(visit, Dimension(by), rows), SAID[measure])
    return visit.render(
        "activity.html",
        block="result",
        drawn=drawn,
        by=by,
        measure=measure,
        days=days,
        spans=SPANS,
        dimensions=[word.value for word in Dimension],
        measures=TITLES,
        said=SAID[measure],
        axis=lambda value: SAID[measure](Decimal(f"{value:.12g}")).replace(" calls", "").replace(" tokens", ""),
        asked=asked,
        keys=chosen_key.choices(context.accounts, account_id),
        by_day=_by_day(rows, first, today),
    )


def _label(visit: Visit, by: Dimension, rows: list[Consumption]) -> Callable[[str], str]:
    assert visit.who is not None
    accounts, account_id = visit.context.accounts, visit.who.account.id
    names: dict[str, str] = {}
    if by is Dimension.KEY:
        names = naming.keys(accounts, account_id, {row.name for row in rows})
        return lambda name: names.get(name) or (f"deleted key {name[:8]}" if name else NOTHING[by])
    if by is Dimension.WORKSPACE:
        names = naming.workspaces(accounts, account_id)
    elif by is Dimension.USER:
        names = naming.members(accounts, account_id)
    return lambda name: names.get(name, name) or NOTHING[by]


def _by_day(rows: list[Consumption], first: date, last: date) -> list[tuple[date, Decimal, int, int]]:
    """Return what each day comes to, the newest first."""
    days = [date.fromordinal(number) for number in range(last.toordinal(), first.toordinal() - 1, -1)]
    found: dict[date, list[Consumption]] = {}
    for row in rows:
        found.setdefault(day_of(row.day), []).append(row)
    return [
        (
            day,
            sum((row.usage for row in found.get(day, ())), Decimal(0)),
            sum(row.requests for row in found.get(day, ())),
            sum(row.prompt_tokens + row.completion_tokens for row in found.get(day, ())),
        )
        for day in days
    ]


def _one_of(asked: Mapping[str, str], name: str, words: list[str], usual: str) -> str:
    word = asked.get(name, usual)
    if word not in words:
        raise BadRequest(issues=[Issue(name, f"expected one of {', '.join(words)}")])
    return word


PAGES = (Page("/govern/activity", _show),)
