"""Takes an operator's own discount off the prices beside it, once and exactly (spec gateway 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from trunkline.server.adapters.feeds.decimals import pricing_text
from trunkline.server.domain.catalog import pricing

_NOT_PRICES: Final = frozenset({"min_prompt_tokens", "utc_start", "utc_end", "utc_days"})
DIGITS: Final = 80
"""More than a price of 40 characters times a fraction can have: nothing is rounded."""


def discounted(prices: Mapping[str, Any]) -> dict[str, Any]:
    """Return pricing as it is written in settings with its `discount` taken off every price.

    A fraction below 0 is a markup; from 1 on it is ignored. What is left says the fraction, for people.
    Raises `ValueError` for a discount that is no number.
    """
    written: dict[str, Any] = pricing_text(dict(prices))
    stated = written.pop("discount", None)
    if stated is None:
        return written
    try:
        fraction = Decimal(str(stated))
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not fraction.is_finite():
        raise ValueError("is not a number")
    if fraction >= 1 or fraction == 0:
        return written
    with localcontext(prec=DIGITS):
        reduced = _times(written, 1 - fraction)
    return reduced | ({"discount": float(fraction)} if fraction > 0 else {})


def _times(prices: Mapping[str, Any], factor: Decimal) -> dict[str, Any]:
    reduced: dict[str, Any] = {}
    for name, value in prices.items():
        if isinstance(value, list):
            reduced[name] = [_times(entry, factor) if isinstance(entry, dict) else entry for entry in value]
            continue
        amount = None if name in _NOT_PRICES else pricing.amount(value)
        reduced[name] = value if amount is None else pricing.plain(amount * factor)
    return reduced
