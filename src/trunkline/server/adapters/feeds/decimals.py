"""Numbers of outside documents as exact decimals, and prices as the plain decimal strings that the API shows."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from trunkline.server.domain.catalog import pricing

FARTHEST = 400
"""The largest power of ten, up or down, that is read; a float reaches 308."""
_NOT_PRICES = frozenset({"discount", "min_prompt_tokens", "utc_start", "utc_end", "utc_days"})
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def exact(text: str) -> Decimal:
    """Return the number that a text writes, digit by digit; `ValueError` for one that is out of range."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"no number: {text[:40]}") from None
    # Written out, 1e-999999999 would fill the memory.
    if not math.isfinite(float(number)) or abs(int(number.as_tuple().exponent)) > FARTHEST:
        raise ValueError(f"number out of range: {text[:40]}")
    return number


def price_text(value: Any) -> Any:
    """Return a price as people write it in our own documents as the API shows it.

    Numbers and strings with exponents become plain decimal strings, null becomes "-1" (unknown);
    what is no price is returned as it is, for the check of shapes to refuse.
    """
    if value is None:
        return pricing.UNKNOWN
    if isinstance(value, str) and not _PLAIN.fullmatch(value) and _NUMBER.fullmatch(value):
        try:
            return pricing.plain(exact(value))
        except ValueError:
            return value
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return pricing.plain(Decimal(value))
    return value


def pricing_text(value: Any) -> Any:
    """Return a pricing object with every price in it, those of its overrides included, as `price_text`."""
    if not isinstance(value, dict):
        return value
    written: dict[str, Any] = {}
    for name, part in value.items():
        if name == "overrides" and isinstance(part, list):
            written[name] = [pricing_text(entry) for entry in part]
        else:
            written[name] = part if name in _NOT_PRICES else price_text(part)
    return written
