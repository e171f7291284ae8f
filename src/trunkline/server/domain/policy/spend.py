"""What was spent, by the windows that limits reset in (spec 1.7, 2.10, 5.9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

PICO: Final = Decimal(10) ** -12
"""The smallest amount of money, in USD; spends are sums of whole multiples."""
WINDOWS: Final = ("daily", "weekly", "monthly")
"""Windows that limits reset in. All begin at midnight UTC, the week on Monday, the month on its first day."""
ZERO: Final = Decimal(0)


class Spent(Struct, frozen=True, kw_only=True):
    """USD spent in all and since the beginning of the running windows; `byok_*` is the worth of calls on own keys.

    `free_requests_daily` counts today's requests to free models.
    """

    usage: Decimal = ZERO
    usage_daily: Decimal = ZERO
    usage_weekly: Decimal = ZERO
    usage_monthly: Decimal = ZERO
    byok_usage: Decimal = ZERO
    byok_usage_daily: Decimal = ZERO
    byok_usage_weekly: Decimal = ZERO
    byok_usage_monthly: Decimal = ZERO
    free_requests_daily: int = 0

    def within(self, window: str | None, *, byok: bool = False) -> Decimal:
        """Return USD spent in a window of `WINDOWS`, in all for `lifetime` and None; `byok` adds calls on own keys."""
        suffix = f"_{window}" if window in WINDOWS else ""
        usage: Decimal = getattr(self, f"usage{suffix}")
        return usage + getattr(self, f"byok_usage{suffix}") if byok else usage


def window_start(window: str, today: date) -> date:
    """Return the first day (UTC) of the window that `today` lies in."""
    match window:
        case "weekly":
            return today - timedelta(days=today.weekday())
        case "monthly":
            return today.replace(day=1)
        case _:
            return today


def resets_at(window: str | None, now: datetime) -> datetime | None:
    """Return when the running window ends and the next one begins, None for what never resets."""
    if window not in WINDOWS:
        return None
    today = now.astimezone(UTC).date()
    match window:
        case "daily":
            next_day = today + timedelta(days=1)
        case "weekly":
            next_day = window_start(window, today) + timedelta(days=7)
        case _:
            next_day = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(next_day.year, next_day.month, next_day.day, tzinfo=UTC)
