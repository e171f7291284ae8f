"""Prices as the API sends them (decimal strings, USD for a single unit) and as exact decimals to reckon with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from trunkline.components.view import View
from trunkline.components.words import UtcDay

if TYPE_CHECKING:
    from decimal import Decimal

TokenPrice: TypeAlias = Literal[
    "prompt", "completion", "audio", "audio_output", "image_token", "input_audio_cache", "input_cache_read",
    "input_cache_write", "input_cache_write_1h", "internal_reasoning",
]  # fmt: skip
"""The prices that are for one token."""
UnitPrice: TypeAlias = Literal["request", "image", "image_output", "web_search"]
"""The prices that are for one request, image or search."""


class Prices(View):
    """What price objects share: their decimal strings read as `Decimal`."""

    __slots__ = ()

    def usd_per_token(self, price: TokenPrice) -> Decimal | None:
        """Return a price in USD for one token; None where it is not stated, or not known (-1)."""
        return self._usd(price)

    def usd_per_million_tokens(self, price: TokenPrice) -> Decimal | None:
        """Return a price in USD for a million tokens; None where it is not stated, or not known (-1)."""
        from decimal import Context, Decimal

        usd = self._usd(price)
        if usd is None:
            return None
        exact = Context(prec=1000)  # the caller's own context may round, and money is not rounded on the way
        tidy = exact.normalize(exact.scaleb(usd, 6))
        return exact.quantize(tidy, Decimal(1)) if tidy == tidy.to_integral_value() else tidy

    def usd_per_unit(self, price: UnitPrice) -> Decimal | None:
        """Return a price in USD for one request, image or search; None where it is not stated, or not known (-1)."""
        return self._usd(price)

    @property
    def prompt_usd_per_token(self) -> Decimal | None:
        """The price of a token of the prompt in USD; None where it is not known."""
        return self._usd("prompt")

    @property
    def prompt_usd_per_million_tokens(self) -> Decimal | None:
        """The price of a million tokens of the prompt in USD; None where it is not known."""
        return self.usd_per_million_tokens("prompt")

    @property
    def completion_usd_per_token(self) -> Decimal | None:
        """The price of a token of the completion in USD; None where it is not known."""
        return self._usd("completion")

    @property
    def completion_usd_per_million_tokens(self) -> Decimal | None:
        """The price of a million tokens of the completion in USD; None where it is not known."""
        return self.usd_per_million_tokens("completion")

    def _usd(self, name: str) -> Decimal | None:
        from decimal import Decimal, InvalidOperation

        text = self._data.get(name)
        if not isinstance(text, str):
            return None
        try:
            usd = Decimal(text)
        except InvalidOperation:
            return None
        # -1 stands for "decided per request" and "not known"; it is never an amount.
        return usd if usd.is_finite() and usd >= 0 else None


class PricingOverride(Prices):
    """Prices that hold instead while all conditions of the entry do; later entries win, absent prices stay.

    `min_prompt_tokens` is exceeded by the prompt; `utc_start` and `utc_end` are HHMM numbers of a
    half-open window that may wrap around midnight.
    """

    __slots__ = ()

    prompt: str | None = None
    completion: str | None = None
    audio: str | None = None
    input_audio_cache: str | None = None
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input_cache_write_1h: str | None = None
    min_prompt_tokens: float | None = None
    utc_days: list[UtcDay] | None = None
    utc_start: float | None = None
    utc_end: float | None = None


class PublicPricing(Prices):
    """Prices in USD as decimal strings: "0" is free, "-1" decided per request or not known.

    `discount` is the fraction that is already taken off. `input_cache_write` is the five-minute rate.
    """

    __slots__ = ()

    prompt: str
    completion: str
    request: str | None = None
    image: str | None = None
    image_token: str | None = None
    image_output: str | None = None
    audio: str | None = None
    audio_output: str | None = None
    input_audio_cache: str | None = None
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input_cache_write_1h: str | None = None
    internal_reasoning: str | None = None
    web_search: str | None = None
    discount: float | None = None
    overrides: list[PricingOverride] | None = None


Pricing: TypeAlias = PublicPricing
"""An endpoint's prices, which are stated like a model's."""
