"""Prices: decimals out of their strings, and which of a row's time windows holds at a moment (spec 2.4).

Amounts are `Decimal` USD per single unit; an unknown price is None here and "-1" on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trunkline.server.domain.catalog import vocabulary

UNKNOWN = "-1"
DAY = 86_400
_CONDITIONS = ("min_prompt_tokens", "utc_start", "utc_end", "utc_days")
_WEEKDAYS = {name: number for number, day in enumerate(vocabulary.WEEKDAYS) for name in (day, day[:3])}
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_THURSDAY = 3  # 1 January 1970 was a Thursday; Monday is 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC as prices see it: `minute` of the day (0 to 1439) and `weekday` (Monday is 0)."""

    minute: int
    weekday: int

    @classmethod
    def of(cls, unix_seconds: float) -> Moment:
        """Return the moment of a Unix time."""
        days, rest = divmod(int(unix_seconds), DAY)
        return cls(rest // 60, (days + _THURSDAY) % 7)


def amount(price: object) -> Decimal | None:
    """Return a wire price as a Decimal in USD per unit, None where it is absent, unknown, per request or no price."""
    if not isinstance(price, str) or not _PLAIN.fullmatch(price):
        return None
    return Decimal(price)


def plain(value: Decimal) -> str:
    """Return a Decimal in plain notation, without exponent and trailing zeros: `0.00003`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def has_windows(pricing: Mapping[str, Any]) -> bool:
    """Tell whether a price changes with the clock."""
    return any("utc_start" in entry or "utc_end" in entry or "utc_days" in entry for entry in _overrides(pricing))


def price_at(pricing: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Return the pricing object with its top-level prices as they hold at `moment`, overrides kept.

    Only entries whose conditions are times alone touch the top level: a price for long prompts is
    no price of an ordinary request. Later entries win, absent keys inherit (spec 2.4).
    """
    priced = dict(pricing)
    for entry in _overrides(pricing):
        if "min_prompt_tokens" not in entry and _holds(entry, moment):
            priced.update((key, value) for key, value in entry.items() if key not in _CONDITIONS)
    return priced


def price_for(pricing: Mapping[str, Any], prompt_tokens: int, moment: Moment) -> dict[str, Any]:
    """Return the prices of one request, without `overrides`: all that hold for its size and start (gateway 5.1).

    `prompt_tokens` must exceed an entry's `min_prompt_tokens`; later entries win, absent keys inherit.
    """
    priced = {key: value for key, value in pricing.items() if key != "overrides"}
    for entry in _overrides(pricing):
        if prompt_tokens > entry.get("min_prompt_tokens", -1) and _holds(entry, moment):
            priced.update((key, value) for key, value in entry.items() if key not in _CONDITIONS)
    return priced


def weekday(name: str) -> int | None:
    """Return the number of a weekday (Monday is 0) from its English name or the first three letters of it."""
    return _WEEKDAYS.get(name.lower())


def boundaries(pricings: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """Return the minutes of the day, ascending, at which any of the prices may change."""
    minutes: set[int] = set()
    for pricing in pricings:
        for entry in _overrides(pricing):
            minutes.update(_minute(entry[key]) % 1440 for key in ("utc_start", "utc_end") if key in entry)
            if "utc_days" in entry or ("utc_start" in entry) != ("utc_end" in entry):
                minutes.add(0)  # days begin, and a window with one end stated ends, at midnight
    return tuple(sorted(minutes))


def window(minutes: tuple[int, ...], unix_seconds: float) -> tuple[float, float]:
    """Return the Unix times [from, until) around a moment in which no boundary lies."""
    if not minutes:
        return (float("-inf"), float("inf"))
    midnight = int(unix_seconds) // DAY * DAY
    marks = [midnight + day * DAY + minute * 60 for day in (-1, 0, 1) for minute in minutes]
    return (
        float(max(mark for mark in marks if mark <= unix_seconds)),
        float(min(mark for mark in marks if mark > unix_seconds)),
    )


def _overrides(pricing: Mapping[str, Any]) -> list[dict[str, Any]]:
    return pricing.get("overrides") or []


def _minute(hhmm: float) -> int:
    return int(hhmm) // 100 * 60 + int(hhmm) % 100


def _holds(entry: Mapping[str, Any], moment: Moment) -> bool:
    days = entry.get("utc_days")
    if days is not None and not any(weekday(day) == moment.weekday for day in days):
        return False
    start, end = _minute(entry.get("utc_start", 0)), _minute(entry.get("utc_end", 2400))
    if start == end:
        return True
    if start < end:
        return start <= moment.minute < end
    return moment.minute >= start or moment.minute < end
