"""Turns prices per million tokens into the API's price objects, exactly.

A price that the source does not state never becomes zero: it is left out, or `"-1"` where the API
requires a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trunkline.server.adapters.feeds.models_dev.rows import Tier

UNKNOWN = "-1"
"""How the API writes a required price that nobody knows."""

WIRE_NAMES = {
    "input": "prompt",
    "output": "completion",
    "input_audio": "audio",
    "output_audio": "audio_output",
    "cache_read": "input_cache_read",
    "cache_write": "input_cache_write",
    "reasoning": "internal_reasoning",
    "output_image": "image_output",
}
"""models.dev's name of a price -> ours. Its `cache_write` is the rate of the short-lived cache;
`output_image` is not models.dev's but our second source's."""

OVERRIDABLE = frozenset({"prompt", "completion", "audio", "input_cache_read", "input_cache_write"})
"""Of these, the ones that a price override may change (the API's `PricingOverride`)."""

MILLION = Decimal(1_000_000)


def plain(amount: Decimal) -> str:
    """Return an amount as a decimal string without exponent or needless zeros: `0.0000025`."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def per_token(per_million: Decimal) -> str:
    """Return a price per million tokens as the API's string per token; division by 10^6 is exact."""
    return plain(per_million.scaleb(-6))


def price_object(tiers: Sequence[Tier], *, free: bool, outputs: Sequence[str] = ("text",)) -> dict[str, Any]:
    """Return the API's pricing for a row's tiers.

    `free` says that zero is meant: sources write 0 also where a subscription or a price of another
    unit applies, so a zero prompt or completion price counts as unknown elsewhere, except for the
    completion of models whose only output is embeddings, which have none.
    """
    base = next((tier for tier in tiers if tier.above == 0), None)
    prices = _named(base.prices) if base else {}
    if not free:
        prices = _without_doubtful_zeros(prices, embeds=tuple(outputs) == ("embeddings",))
    wire: dict[str, Any] = {"prompt": UNKNOWN, "completion": UNKNOWN} | prices
    overrides = [_override(tier) for tier in tiers if tier.above > 0]
    if overrides and UNKNOWN not in (wire["prompt"], wire["completion"]):
        wire["overrides"] = overrides
    return wire


def _named(prices: Mapping[str, Decimal]) -> dict[str, str]:
    return {wire: per_token(prices[name]) for name, wire in WIRE_NAMES.items() if name in prices and prices[name] >= 0}


def _without_doubtful_zeros(prices: dict[str, str], *, embeds: bool) -> dict[str, str]:
    kept = {name: price for name, price in prices.items() if price != "0"}
    if embeds and "prompt" in kept:
        kept.setdefault("completion", "0")
    return kept


def _override(tier: Tier) -> dict[str, Any]:
    prices = {name: price for name, price in _named(tier.prices).items() if name in OVERRIDABLE and price != "0"}
    return {"min_prompt_tokens": tier.above, **prices}
