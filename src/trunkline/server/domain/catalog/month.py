"""What a month of use would cost on a model: exact, from its price list and an amount of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import reduce
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

    total: Decimal
    prompt: Decimal
    cached: Decimal
    completion: Decimal
    requests: Decimal
    discounted: bool


def cost(prices: Mapping[str, Any], usage: Usage, moment: Moment) -> Cost | None:
    """Return what a month costs at the prices of a moment (USD per unit), None where a needed price is not known.

    Cached tokens cost their own price, where the list has one, else that of all others.
    """
    size = usage.prompt // usage.requests if usage.requests else 0
    held = pricing.price_for(prices, size, moment) if prices.get("overrides") else prices
    prompt, completion = pricing.amount(held.get("prompt")), pricing.amount(held.get("completion"))
    if (prompt is None and usage.prompt) or (completion is None and usage.completion):
        return None
    prompt, completion = prompt or Decimal(0), completion or Decimal(0)
    reading = pricing.amount(held.get("input_cache_read"))
    cached = _EXACT.multiply(Decimal(usage.prompt), usage.cached.scaleb(-2))
    parts = (
        _EXACT.multiply(_EXACT.subtract(Decimal(usage.prompt), cached), prompt),
        _EXACT.multiply(cached, prompt if reading is None else reading),
        _EXACT.multiply(Decimal(usage.completion), completion),
        _EXACT.multiply(Decimal(usage.requests), pricing.amount(held.get("request")) or Decimal(0)),
    )
    return Cost(reduce(_EXACT.add, parts), *parts, discounted=reading is not None)
