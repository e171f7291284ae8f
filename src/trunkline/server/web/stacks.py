"""Stacked bars by day: what each day is split into, as rectangles of an SVG and as rows of the table beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from trunkline.server.domain.generation.days import day_of
from trunkline.server.usecases.gateway_ports import Consumption

SERIES: Final = 6
"""Names with a colour of their own; all others are one more."""
OTHERS: Final = "others"
WIDE: Final = 1000.0
HIGH: Final = 220.0


@dataclass(frozen=True, slots=True)
class Series:
    """One name over all days: `label` is what it is called, `colour` its number, 0 for all others."""

    name: str
    label: str
    colour: int
    usage: Decimal
    requests: int
    tokens: int
    days: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle: places in the drawing's own units."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    title: str


@dataclass(frozen=True, slots=True)
class Stacks:
    """A drawing of bars with lines at round values (`lines`: height, value) and days below (`ticks`: x, day)."""

    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    days: tuple[date, ...]
    total: Decimal
    requests: int
    tokens: int


MEASURES: Final[Mapping[str, Callable[[Consumption], Decimal]]] = {
    "usage": lambda row: row.usage,
    "requests": lambda row: Decimal(row.requests),
    "tokens": lambda row: Decimal(row.prompt_tokens + row.completion_tokens),
}
"""What is drawn: USD, calls or tokens."""


def stacks(
    rows: Sequence[Consumption],
    first: date,
    last: date,
    measure: str,
    label: Callable[[str], str],
    said: Callable[[Decimal], str],
) -> Stacks:
    """Return the bars of the days from `first` to `last`; `label` names a name, `said` a value of the measure."""
    numbers = range(first.toordinal(), last.toordinal() + 1)
    days = tuple(date.fromordinal(number) for number in numbers)
    series = _series(rows, days, MEASURES[measure], label)
    highest = max((sum(values) for values in zip(*(one.days for one in series), strict=True)), default=Decimal(0))
    top = _round_up(float(highest))
    return Stacks(
        series=series,
        bars=tuple(_bars(series, days, top, said)) if top else (),
        lines=tuple((HIGH - HIGH * part / 4, top * part / 4) for part in range(5)) if top else (),
        ticks=tuple(_ticks(days)),
        days=days,
        total=sum((row.usage for row in rows), Decimal(0)),
        requests=sum(row.requests for row in rows),
        tokens=sum(row.prompt_tokens + row.completion_tokens for row in rows),
    )


def _series(
    rows: Sequence[Consumption],
    days: Sequence[date],
    measured: Callable[[Consumption], Decimal],
    label: Callable[[str], str],
) -> tuple[Series, ...]:
    by_name: dict[str, list[Consumption]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    order = sorted(by_name, key=lambda name: (-sum(map(measured, by_name[name])), name))
    shown, rest = order[:SERIES], order[SERIES:]
    made = [_one(name, label(name), place, by_name[name], days, measured) for place, name in enumerate(shown, start=1)]
    if rest:
        others = [row for name in rest for row in by_name[name]]
        made.append(_one("", f"{len(rest)} {OTHERS}", 0, others, days, measured))
    return tuple(made)


def _one(
    name: str,
    label: str,
    colour: int,
    rows: Sequence[Consumption],
    days: Sequence[date],
    measured: Callable[[Consumption], Decimal],
) -> Series:
    by_day: dict[date, Decimal] = {}
    for row in rows:
        day = day_of(row.day)
        by_day[day] = by_day.get(day, Decimal(0)) + measured(row)
    return Series(
        name=name,
        label=label,
        colour=colour,
        usage=sum((row.usage for row in rows), Decimal(0)),
        requests=sum(row.requests for row in rows),
        tokens=sum(row.prompt_tokens + row.completion_tokens for row in rows),
        days=tuple(by_day.get(day, Decimal(0)) for day in days),
    )


def _bars(series: Sequence[Series], days: Sequence[date], top: float, said: Callable[[Decimal], str]) -> list[Bar]:
    step = WIDE / len(days)
    gap = min(step * 0.18, 6.0)
    bars = []
    for place, day in enumerate(days):
        at = HIGH
        for one in series:
            value = one.days[place]
            height = HIGH * float(value) / top
            if value:
                at -= height
                title = f"{day}: {one.label}, {said(value)}"
                bars.append(Bar(place * step + gap / 2, at, step - gap, height, one.colour, title))
    return bars


def _ticks(days: Sequence[date]) -> list[tuple[float, str]]:
    step = WIDE / len(days)
    each = max(1, math.ceil(len(days) / 8))
    return [(place * step + step / 2, f"{day:%b} {day.day}") for place, day in enumerate(days) if place % each == 0]


def _round_up(value: float) -> float:
    """Return the next value that reads well in quarters."""
    if value <= 0:
        return 0.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 4, 8, 10) if step * size >= value * 0.999)
