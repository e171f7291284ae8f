"""What a generation costs: the price in force, each class of tokens, and when it is billed (gateway 5.1-5.3).

Exact: amounts are `Decimal` USD that no step rounds; the ledger rounds each generation once, to 10^-12 USD.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from typing import Any, Final

from msgspec import Struct

from trunkline.server.domain.catalog.pricing import Moment, amount, price_for
from trunkline.server.domain.generation.usage import Usage

ZERO: Final = Decimal(0)
ERROR: Final = "error"
_EXACT: Final = Context(prec=200)  # wider than any price that rows may state times any count of tokens
_PICO_DIGITS: Final = 12
_KEPT: Final = 10_000
_PLAIN: Final[dict[int, tuple[Mapping[str, Any], Rates]]] = {}
"""Prices that nothing overrides, read once; more than `_KEPT` of them are forgotten all at once."""


class Rates(Struct, frozen=True, kw_only=True):
    """Prices of one request in USD per token or unit; None where a class has no price of its own.

    An unknown price of prompt or completion counts as 0: nothing is billed that nobody has stated.
    """

    prompt: Decimal = ZERO
    completion: Decimal = ZERO
    request: Decimal = ZERO
    image: Decimal = ZERO
    image_token: Decimal | None = None
    image_output: Decimal | None = None
    audio: Decimal | None = None
    audio_output: Decimal | None = None
    input_audio_cache: Decimal | None = None
    input_cache_read: Decimal | None = None
    input_cache_write: Decimal | None = None
    input_cache_write_1h: Decimal | None = None
    internal_reasoning: Decimal | None = None
    web_search: Decimal = ZERO

    @classmethod
    def of(cls, pricing: Mapping[str, Any]) -> Rates:
        """Read a pricing object whose overrides are resolved already (`price_for`)."""
        found = {name: amount(pricing.get(name)) for name in cls.__struct_fields__}
        return cls(**{name: price for name, price in found.items() if price is not None})

    @property
    def cache_read(self) -> Decimal:
        """The price of a cached prompt token."""
        return _first(self.input_cache_read, self.prompt)

    @property
    def cache_write(self) -> Decimal:
        """The price of a prompt token written into the cache for five minutes."""
        return _first(self.input_cache_write, self.prompt)

    @property
    def cache_write_1h(self) -> Decimal:
        """The price of a prompt token written into the cache for an hour."""
        return _first(self.input_cache_write_1h, self.input_cache_write, self.prompt)

    @property
    def audio_cache(self) -> Decimal:
        """The price of a cached audio token."""
        return _first(self.input_audio_cache, self.input_cache_read, self.prompt)


class Cost(Struct, frozen=True, kw_only=True):
    """The list price of what was used, in USD: both sides of the inference, and extras such as searches.

    A price per request is part of the prompt's side. `cache_discount` is what caching saved against the price
    of the prompt, negative where writing cost more than it saved, None where nothing was cached.
    """

    prompt: Decimal = ZERO
    completion: Decimal = ZERO
    extras: Decimal = ZERO
    cache_discount: Decimal | None = None

    @property
    def inference(self) -> Decimal:
        """Both sides."""
        return _EXACT.add(self.prompt, self.completion)


class Bill(Struct, frozen=True, kw_only=True):
    """What is charged (USD), and the list price it comes from, each 0 where it is not billed."""

    cost: Cost
    charged: Decimal


NOTHING: Final = Bill(cost=Cost(), charged=ZERO)


def rates_for(pricing: Mapping[str, Any], prompt_tokens: int, started: float) -> Rates:
    """Return the prices of a request by its prompt tokens and when it began (Unix seconds).

    A price for long prompts holds for all tokens of the request, not for those beyond the limit.
    """
    if pricing.get("overrides"):
        return Rates.of(price_for(pricing, prompt_tokens, Moment.of(started)))
    # The same object for as long as the catalogue stays, which is longer than any answer.
    kept = _PLAIN.get(id(pricing))
    if kept is None or kept[0] is not pricing:
        if len(_PLAIN) >= _KEPT:
            _PLAIN.clear()
        kept = _PLAIN[id(pricing)] = (pricing, Rates.of(pricing))
    return kept[1]


def cost_of(usage: Usage, rates: Rates) -> Cost:
    """Return what a usage costs at these prices."""
    if _is_text(usage):
        prompt, discount = _times(usage.prompt_tokens, rates.prompt), None
        if rates.request:
            prompt = _EXACT.add(prompt, rates.request)
    else:
        prompt, discount = _prompt_cost(usage, rates), _cache_discount(usage, rates)
    if usage.reasoning_tokens or usage.audio_output_tokens or usage.image_output_tokens or usage.images_output:
        completion = _completion_cost(usage, rates)
    else:
        completion = _times(usage.completion_tokens, rates.completion)
    extras = _times(usage.searches, rates.web_search)
    return Cost(prompt=prompt, completion=completion, extras=extras, cache_discount=discount)


def bill(
    usage: Usage,
    rates: Rates,
    *,
    finish_reason: str | None,
    produced: bool,
    completes: bool = True,
    byok: bool = False,
    fee_rate: Decimal = ZERO,
    fee_free: Decimal = ZERO,
) -> Bill:
    """Return what a served generation is charged (5.3).

    An answer that ended in an error, even after tokens, and one without completion tokens or finish reason costs
    no inference; its extras are charged only if the upstream `produced` a token at all. `completes` is False for
    calls that have no completion, such as embeddings. On the account's own key (`byok`) the charge is `fee_rate`
    of the list price beyond `fee_free` USD, and the list price stays in the cost.
    """
    cost = cost_of(usage, rates)
    empty = completes and usage.completion_tokens == 0 and not finish_reason
    if finish_reason == ERROR or empty:
        extras = cost.extras if produced else ZERO
        return Bill(cost=Cost(extras=extras), charged=extras)
    paid = cost.inference
    if byok:
        paid = _EXACT.multiply(fee_rate, max(_EXACT.subtract(paid, fee_free), ZERO))
    return Bill(cost=cost, charged=_EXACT.add(paid, cost.extras) if cost.extras else paid)


def pico(amount: Decimal) -> int:
    """Return an amount of USD in whole 10^-12 USD, half to even: the one place where money is rounded."""
    return round(_EXACT.scaleb(amount, _PICO_DIGITS))


def _prompt_cost(usage: Usage, rates: Rates) -> Decimal:
    cached_audio = usage.cached_audio_tokens
    cached = _left(usage.cached_tokens, cached_audio)
    audio = _left(usage.audio_tokens, cached_audio) if rates.audio is not None else 0
    images = usage.image_tokens if rates.image_token is not None else 0
    writes, writes_1h = usage.cache_write_tokens, usage.cache_write_1h_tokens
    text = _left(usage.prompt_tokens, cached + cached_audio + writes + writes_1h + audio + images)
    return _total(
        [
            (text, rates.prompt),
            (cached, rates.cache_read),
            (writes, rates.cache_write),
            (writes_1h, rates.cache_write_1h),
            (audio, _first(rates.audio, rates.prompt)),
            (cached_audio, rates.audio_cache),
            (images, _first(rates.image_token, rates.prompt)),
            (usage.images, rates.image),
            (1, rates.request),
        ]
    )


def _completion_cost(usage: Usage, rates: Rates) -> Decimal:
    reasoning = usage.reasoning_tokens if rates.internal_reasoning is not None else 0
    audio = usage.audio_output_tokens if rates.audio_output is not None else 0
    per_image_token = rates.image_output if rates.image_output is not None else rates.image_token
    image_tokens = usage.image_output_tokens if per_image_token is not None else 0
    # Published prices of output images are per token; an upstream that counts images only is charged by image.
    images = usage.images_output if rates.image_output is not None and not usage.image_output_tokens else 0
    text = _left(usage.completion_tokens, reasoning + audio + image_tokens)
    return _total(
        [
            (text, rates.completion),
            (reasoning, _first(rates.internal_reasoning, rates.completion)),
            (audio, _first(rates.audio_output, rates.completion)),
            (image_tokens, _first(per_image_token, rates.completion)),
            (images, _first(rates.image_output, ZERO)),
        ]
    )


def _is_text(usage: Usage) -> bool:
    """Tell whether a prompt is all text that no cache had a part in, as most are."""
    return not (
        usage.cached_tokens
        or usage.cached_audio_tokens
        or usage.cache_write_tokens
        or usage.cache_write_1h_tokens
        or usage.audio_tokens
        or usage.image_tokens
        or usage.images
    )


def _cache_discount(usage: Usage, rates: Rates) -> Decimal | None:
    classes = (
        (_left(usage.cached_tokens, usage.cached_audio_tokens), rates.prompt, rates.cache_read),
        (usage.cached_audio_tokens, _first(rates.audio, rates.prompt), rates.audio_cache),
        (usage.cache_write_tokens, rates.prompt, rates.cache_write),
        (usage.cache_write_1h_tokens, rates.prompt, rates.cache_write_1h),
    )
    if not any(count for count, _, _ in classes):
        return None
    return _total((count, _EXACT.subtract(full, applied)) for count, full, applied in classes)


def _times(count: int, price: Decimal) -> Decimal:
    return _EXACT.multiply(price, count) if count and price else ZERO


def _total(classes: Iterable[tuple[int, Decimal]]) -> Decimal:
    total = ZERO
    for count, price in classes:
        if count and price:
            total = _EXACT.fma(Decimal(count), price, total)
    return total


def _first(*prices: Decimal | None) -> Decimal:
    return next((price for price in prices if price is not None), ZERO)


def _left(count: int, taken: int) -> int:
    return max(count - taken, 0)
