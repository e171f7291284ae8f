"""Windows of whole UTC days that data sets are asked for (spec 1.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from trunkline.server.errors import BadRequest, Issue

FIRST: Final = date(2025, 1, 1)
"""Data sets begin here; earlier starts are moved forward."""
DEFAULT_DAYS: Final = 30
LONGEST_DAYS: Final = 366
_ZERO: Final = date(1970, 1, 1).toordinal()


class Days(NamedTuple):
    """The days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def numbers(self) -> tuple[int, int]:
        """Both ends, counted from 1970."""
        return number(self.start), number(self.end)

    def before(self, times: int) -> Days:
        """Return the window of the same length so many lengths earlier."""
        length = (self.end - self.start + timedelta(days=1)) * times
        return Days(self.start - length, self.end - length)


def number(day: date) -> int:
    """Return a day counted from 1970."""
    return day.toordinal() - _ZERO


def day_of(number: int) -> date:
    """Return the day of a number counted from 1970."""
    return date.fromordinal(number + _ZERO)


def day_at(now: float) -> date:
    """Return the UTC day that a Unix time lies in."""
    return datetime.fromtimestamp(now, UTC).date()


def last_completed(now: float) -> date:
    """Return the last UTC day that is over at a Unix time."""
    return day_at(now) - timedelta(days=1)


def window(start: date | None, end: date | None, now: float) -> Days:
    """Return the days that are asked for: 30 up to the last completed one unless said otherwise.

    Raises `BadRequest` for an end before 2025, a start after the end and more than 366 days.
    """
    end = last_completed(now) if end is None else end
    if end < FIRST:
        raise BadRequest(issues=[Issue("end_date", f"expected a day from {FIRST} on")])
    if start is None:
        start = end - timedelta(days=DEFAULT_DAYS - 1)
    elif start > end:
        raise BadRequest(issues=[Issue("start_date", "expected a day before the end")])
    start = max(start, FIRST)
    if (end - start).days >= LONGEST_DAYS:
        raise BadRequest(issues=[Issue("start_date", f"expected at most {LONGEST_DAYS} days")])
    return Days(start, end)


def period_start(day: date, period: str) -> date:
    """Return the first day of the `day`, `week` (from Monday) or `month` that a day lies in."""
    match period:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case _:
            return day
