"""What a month of use would cost on a model: exact, from its price list and an amount of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from trunkline.server.domain.catalog import pricing
from trunkline.server.domain.catalog.pricing import Moment

_EXACT = Context(prec=200)  # wider than any product of a price and an amount that forms take


@dataclass(frozen=True, slots=True)
class Usage:
    """A month: tokens in and out, the share of those in that a cache serves (percent), and requests.

    Where `requests` is known, each has the mean prompt size, which decides the price where size matters; else every
    prompt counts as a small one.
    """

    prompt: int
    completion: int
    cached: Decimal = Decimal(0)
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """USD for a month, in all and by what it is spent on. `discounted` tells whether cached tokens have a price."""

    prompt: Decimal
    cached: Decimal
    completion: Decimal
    requests: Decimal
    discounted: bool

    @property
    def total(self) -> Decimal:
        """USD in all."""
        parts = (self.prompt, self.cached, self.completion, self.requests)
        return _sum(parts)


def cost(prices: Mapping[str, Any], usage: Usage, moment: Moment) -> Cost | None:
    """Return what a month costs at the prices of a moment (USD per unit), None where a needed price is not known.

    Cached tokens cost their own price, where the list has one, else that of all others.
    """
    size = usage.prompt // usage.requests if usage.requests else 0
    held = pricing.price_for(prices, size, moment)
    prompt, completion = pricing.amount(held.get("prompt")), pricing.amount(held.get("completion"))
    if (prompt is None and usage.prompt) or (completion is None and usage.completion):
        return None
    prompt, completion = prompt or Decimal(0), completion or Decimal(0)
    reading = pricing.amount(held.get("input_cache_read"))
    cached = _times(Decimal(usage.prompt), usage.cached.scaleb(-2))
    return Cost(
        prompt=_times(_EXACT.subtract(Decimal(usage.prompt), cached), prompt),
        cached=_times(cached, prompt if reading is None else reading),
        completion=_times(Decimal(usage.completion), completion),
        requests=_times(Decimal(usage.requests), pricing.amount(held.get("request")) or Decimal(0)),
        discounted=reading is not None,
    )


def _times(amount: Decimal, price: Decimal) -> Decimal:
    return _EXACT.multiply(amount, price)


def _sum(parts: tuple[Decimal, ...]) -> Decimal:
    total = Decimal(0)
    for part in parts:
        total = _EXACT.add(total, part)
    return total
