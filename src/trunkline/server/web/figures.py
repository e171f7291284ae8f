"""How accounts' figures are shown: amounts that were spent, times in UTC, values of settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

import msgspec

from trunkline.server.web.formats import UNKNOWN

_CENT: Final = Decimal("0.01")


def spent(amount: Decimal | None) -> str:
    """Return USD as bills say it: cents, and below ten cents as many digits as tell two amounts apart."""
    if amount is None:
        return UNKNOWN
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if size == 0 or size >= Decimal("0.1"):
        return f"{sign}${size.quantize(_CENT, ROUND_HALF_EVEN):,.2f}"
    if size < Decimal("0.000001"):
        return f"{sign}<$0.000001"
    return f"{sign}${size.quantize(Decimal('0.0001') if size >= Decimal('0.01') else Decimal('0.000001')):f}"


def exactly(amount: Decimal) -> str:
    """Return USD with every digit that is known, for titles."""
    return f"${amount.normalize():f}" if amount else "$0"


def limit(amount: Decimal | None) -> str:
    """Return a limit in USD: `$500`, `$12.50`; "no limit" where there is none."""
    if amount is None:
        return "no limit"
    return f"${amount:,.0f}" if amount == amount.to_integral_value() else f"${max(amount, amount.quantize(_CENT)):,f}"


def when(moment: datetime | float | None) -> str:
    """Return a time in UTC to the minute: `2026-08-22 12:00`."""
    if moment is None:
        return UNKNOWN
    try:
        read = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    except (ValueError, OverflowError, OSError):
        return UNKNOWN
    return read.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def share(part: Decimal | float, whole: Decimal | float | None) -> float:
    """Return a part of a whole from 0 on; 0 of nothing."""
    return float(part) / float(whole) if whole else 0.0


def value(setting: Any) -> str:
    """Return a setting's value as people read it: `none` for what is not set."""
    if setting is None or setting in ((), []):
        return "not set"
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    if isinstance(setting, list | tuple) and all(isinstance(one, str) for one in setting):
        return ", ".join(setting)
    return setting if isinstance(setting, str) else msgspec.json.encode(setting).decode()


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "spent": spent,
    "exactly": exactly,
    "limit": limit,
    "when": when,
    "share": share,
    "value": value,
}
