"""How numbers are shown: prices exactly, sizes as people say them; what is unknown is a dash, never a zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any, Final
from urllib.parse import quote

from trunkline.server.domain.catalog import pricing

UNKNOWN: Final = "–"
_EXACT: Final = Context(prec=200)
_SCALES: Final = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


def usd(amount: Decimal | None) -> str:
    """Return an amount in USD, exact, with two decimals at least: `$0.044`, `$12.50`."""
    if amount is None:
        return UNKNOWN
    whole, _, rest = pricing.plain(amount).partition(".")
    return f"${int(whole):,}.{rest:0<2}"


def per_million(price: object) -> str:
    """Return a wire price in USD per unit as USD per million of them; `free` for zero."""
    amount = pricing.amount(price) if isinstance(price, str) else price
    if not isinstance(amount, Decimal):
        return UNKNOWN
    return usd(_EXACT.scaleb(amount, 6)) if amount else "free"


def per_thousand(price: object) -> str:
    """Return a wire price in USD per unit as USD per thousand of them; `free` for zero."""
    amount = pricing.amount(price) if isinstance(price, str) else price
    if not isinstance(amount, Decimal):
        return UNKNOWN
    return usd(_EXACT.scaleb(amount, 3)) if amount else "free"


def tokens(count: float | None) -> str:
    """Return a count as people say it: `128K`, `1.05M`."""
    if count is None:
        return UNKNOWN
    for scale, suffix in _SCALES:
        if abs(count) >= scale:
            shown = count / scale
            digits = 0 if shown >= 100 else 1 if shown >= 10 else 2
            text = f"{shown:.{digits}f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text) + suffix
    return f"{count:,.0f}"


def number(value: float | Decimal | None, digits: int = 1) -> str:
    """Return a number with at most so many decimals and thousands set apart."""
    if value is None:
        return UNKNOWN
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def milliseconds(value: float | None) -> str:
    """Return milliseconds as `420 ms` or `1.3 s`."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} ms" if value < 1000 else f"{number(value / 1000)} s"


def percent(value: float | None) -> str:
    """Return a percentage with as many decimals as tell it from 100: `99.98 %`."""
    if value is None:
        return UNKNOWN
    return f"{number(value, 2 if value > 99 else 1)} %"


def day(unix_seconds: float) -> str:
    """Return the day of a Unix time in UTC: `2026-08-22`."""
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def path(model_id: str) -> str:
    """Return a model's id as a part of an address."""
    return quote(model_id, safe="/~:@")


def slug(word: str) -> str:
    """Return a word as a part of an element's id, different for different words."""
    return "".join(letter if letter.isascii() and letter.isalnum() else f"_{ord(letter):x}_" for letter in word)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "usd": usd,
    "per_million": per_million,
    "per_thousand": per_thousand,
    "tokens": tokens,
    "number": number,
    "milliseconds": milliseconds,
    "percent": percent,
    "day": day,
    "path": path,
    "slug": slug,
}
