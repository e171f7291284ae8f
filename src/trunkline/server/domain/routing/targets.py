"""Endpoints and models compiled for routing: everything about them that no request changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from trunkline.server.domain.catalog import pricing, slugs
from trunkline.server.domain.catalog.endpoints import UNSTATED, Endpoint
from trunkline.server.domain.catalog.pricing import Moment
from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.domain.catalog.traits import Traits
from trunkline.server.domain.generation.request import Surface

_UNSTATED: Final = "unknown"
_FREE: Final = Decimal(0)
OUTPUTS: Final = {
    Surface.CHAT: frozenset({"text", "image", "audio"}),
    Surface.COMPLETIONS: frozenset({"text"}),
    Surface.EMBEDDINGS: frozenset({"embeddings"}),
}
"""What a model must be able to write for each surface, one of these (F1)."""
BATCH: Final = "batch"
"""The variant that no synchronous surface serves (spec catalogue 4.2)."""


class Prices(Struct, frozen=True):
    """What an endpoint charges for a prompt of some size: USD per unit, exact.

    `blend` is what prices are compared by, (3 prompt + completion) / 4, and `weight` its 1/p² for
    drawing lots, 0 where it is free (spec gateway 3.5). `units` are all prices that are known, and
    `stated` is the pricing object in force.
    """

    stated: Mapping[str, Any]
    units: Mapping[str, Decimal]
    prompt: Decimal
    completion: Decimal
    blend: Decimal
    weight: float

    def of(self, unit: str) -> Decimal:
        """Return the price of a unit, 0 where none is stated."""
        return self.units.get(unit, _FREE)


class Target:
    """One endpoint of a concrete model as routing sees it. Limits in tokens, 0 where unknown.

    `silent`: one of the operator's own, without a list of what it takes; nothing is kept from it.
    """

    __slots__ = (
        "_prices",
        "_sizes",
        "context_length",
        "endpoint",
        "free",
        "key",
        "max_completion",
        "max_prompt",
        "model",
        "permaslug",
        "private",
        "provider",
        "provider_name",
        "quantization",
        "silent",
        "supported",
        "tag",
        "tier",
        "tool_choices",
        "traits",
    )

    def __init__(self, endpoint: Endpoint, model: str, moment: Moment, cap: Mapping[str, str] | None) -> None:
        wire, traits = endpoint.wire, endpoint.traits
        self.endpoint = endpoint
        self.key = endpoint.key
        self.model = model
        self.permaslug = slugs.permaslug(wire["model_id"], model)
        self.free = slugs.variant(model) == "free"
        self.traits: Traits = traits
        self.provider = traits.provider
        self.provider_name: str = wire["provider_name"]
        self.tag = traits.tag
        self.tier = traits.tier
        self.private = bool(traits.private_to)
        self.context_length: int = wire["context_length"] or 0
        self.max_prompt: int = wire["max_prompt_tokens"] or 0
        self.max_completion: int = wire["max_completion_tokens"] or 0
        self.quantization: str = wire["quantization"] or _UNSTATED
        self.supported: frozenset[str] = frozenset(wire["supported_parameters"])
        self.silent = not self.supported and endpoint.notes.get("parameters") == UNSTATED
        self.tool_choices = frozenset(kind for kind, able in wire["supports_tool_choice"].items() if able)
        stated = wire["pricing"]
        sizes = {entry["min_prompt_tokens"] for entry in stated.get("overrides") or () if "min_prompt_tokens" in entry}
        self._sizes: tuple[int, ...] = tuple(sorted(sizes))
        self._prices = tuple(
            _prices(pricing.price_for(stated, tokens, moment), cap)
            for tokens in (0, *(size + 1 for size in self._sizes))
        )

    @property
    def priced(self) -> bool:
        """Whether prompt and completion have a known price for prompts of every size."""
        return None not in self._prices

    @property
    def by_size(self) -> bool:
        """Whether the price depends on the size of the prompt."""
        return bool(self._sizes)

    def prices(self, prompt_tokens: int) -> Prices:
        """Return the prices for a prompt of so many tokens; only for a target that is priced."""
        prices = self._prices[bisect_left(self._sizes, prompt_tokens) if self._sizes else 0]
        assert prices is not None, self.key
        return prices


def _prices(stated: dict[str, Any], cap: Mapping[str, str] | None) -> Prices | None:
    known: dict[str, Decimal] = {}
    for side in ("prompt", "completion"):
        amount = pricing.amount(stated.get(side))
        if amount is None and cap is not None and (amount := pricing.amount(cap.get(side))) is not None:
            stated[side] = cap[side]
        if amount is None:
            return None
        known[side] = amount
    blend = (3 * known["prompt"] + known["completion"]) / 4
    units = {unit: amount for unit, price in stated.items() if (amount := pricing.amount(price)) is not None}
    return Prices(stated, units, **known, blend=blend, weight=float(blend) ** -2 if blend else 0.0)


def by_price(target: Target, prompt_tokens: int = 0) -> tuple[Decimal, str, str]:
    """Return what priced targets are sorted by to stand cheapest first for prompts of a size."""
    return (target.prices(prompt_tokens).blend, target.tag, target.key)


@dataclass(frozen=True, slots=True)
class Model:
    """One concrete model with its targets, by price and then by tag.

    `intelligence` is the Artificial Analysis index, None where there is none. `mandatory` says that it
    always reasons, `efforts` which efforts it takes (none stated: empty); `expires` is a date.
    """

    row: Row
    targets: tuple[Target, ...]
    inputs: frozenset[str]
    outputs: frozenset[str]
    surfaces: frozenset[Surface]
    distillable: bool
    mandatory: bool
    efforts: tuple[str, ...]
    expires: str | None
    intelligence: float | None

    @property
    def id(self) -> str:
        """The public id."""
        return self.row.id


def compiled(row: Row, moment: Moment, cap: Mapping[str, str] | None) -> Model:
    """Compile a concrete row with the prices of a moment.

    `cap` are prices (USD per token, plain decimals) that stand in for unknown ones; without it an
    endpoint of unknown price is not `priced`.
    """
    shown = row.decode()
    reasoning = shown.get("reasoning") or {}
    outputs = frozenset(shown["architecture"]["output_modalities"])
    targets = [Target(endpoint, row.id, moment, cap) for endpoint in row.endpoints if endpoint.serves(row.id)]
    return Model(
        row=row,
        targets=tuple(sorted(targets, key=lambda target: (not target.priced, target.priced and by_price(target)))),
        inputs=frozenset(shown["architecture"]["input_modalities"]),
        outputs=outputs,
        surfaces=frozenset(
            surface
            for surface, needed in OUTPUTS.items()
            if not needed.isdisjoint(outputs) and slugs.variant(row.id) != BATCH
        ),
        distillable=row.notes.get("distillable") is True,
        mandatory=reasoning.get("mandatory") is True,
        efforts=tuple(effort for effort in reasoning.get("supported_efforts") or () if effort),
        expires=shown.get("expiration_date"),
        intelligence=((shown.get("benchmarks") or {}).get("artificial_analysis") or {}).get("intelligence_index"),
    )
