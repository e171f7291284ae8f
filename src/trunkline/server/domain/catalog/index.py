"""What the queries look at: one `Facets` a row while building, columns and postings ever after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trunkline.server.domain.catalog import pricing, slugs, vocabulary
from trunkline.server.domain.catalog.columns import Column, Mask, Positions, Postings
from trunkline.server.domain.catalog.wire import Model


@dataclass(frozen=True, slots=True)
class Measured:
    """What traffic has taught about a model; None until it has (ms, tokens per second, tokens, share)."""

    latency_p50: float | None = None
    throughput_p50: float | None = None
    tokens_7d: int | None = None
    tool_success_rate: Decimal | None = None


NOTHING_MEASURED = Measured()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a search may ask of one endpoint: who hosts it, where, and whether it keeps nothing."""

    provider: str
    provider_name: str
    zdr: bool
    regions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facets:
    """The searchable side of one model row. Prices in USD per unit, None where unknown."""

    id: str
    text: str
    created: int
    context_length: int | None
    prompt: Decimal | None
    completion: Decimal | None
    request: Decimal
    web_search: Decimal
    author: str
    tokenizer: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: tuple[str, ...]
    categories: tuple[str, ...]
    distillable: bool
    intelligence_index: Decimal | None
    coding_index: Decimal | None
    agentic_index: Decimal | None
    design_arena_elo: float | None
    offers: tuple[Offer, ...]
    measured: Measured = NOTHING_MEASURED

    @classmethod
    def of(
        cls, model: Model, notes: Mapping[str, Any], offers: Iterable[Offer], measured: Measured = NOTHING_MEASURED
    ) -> Facets:
        """Read the searchable side of a checked row, its notes and its endpoints."""
        scores = model.benchmarks.artificial_analysis if model.benchmarks else None
        arena = model.benchmarks.design_arena if model.benchmarks else ()
        return cls(
            id=model.id,
            text=f"{model.id}\n{model.name}".lower(),
            created=model.created,
            context_length=model.context_length,
            prompt=pricing.amount(model.pricing.prompt),
            completion=pricing.amount(model.pricing.completion),
            request=pricing.amount(model.pricing.request) or Decimal(0),
            web_search=pricing.amount(model.pricing.web_search) or Decimal(0),
            author=slugs.author(model.id),
            tokenizer=model.architecture.tokenizer or "",
            inputs=tuple(model.architecture.input_modalities),
            outputs=tuple(model.architecture.output_modalities),
            parameters=tuple(model.supported_parameters),
            categories=tuple(notes.get("categories") or ()),
            distillable=notes.get("distillable") is True,
            intelligence_index=_exact(scores.intelligence_index) if scores else None,
            coding_index=_exact(scores.coding_index) if scores else None,
            agentic_index=_exact(scores.agentic_index) if scores else None,
            design_arena_elo=max((entry.elo for entry in arena), default=None),
            offers=tuple(offers),
            measured=measured,
        )


def _exact(score: float | None) -> Decimal | None:
    # As it is written: 71.4 is within bounds of 71.4, although the float nearest to it is larger.
    return None if score is None else Decimal(str(score))


class OfferTable:
    """One line per pair of row and endpoint, so that one and the same endpoint has to answer all of a search."""

    def __init__(self, rows: Sequence[Facets]) -> None:
        lines = [(position, offer) for position, row in enumerate(rows) for offer in row.offers]
        self.size = len(rows)
        self.row: NDArray[np.intp] = np.array([position for position, _ in lines], np.intp)
        self.provider = Postings(
            ({offer.provider.lower(), offer.provider_name.lower()} for _, offer in lines), len(lines)
        )
        self.zdr: Mask = np.array([offer.zdr for _, offer in lines], np.bool_)
        self.region = {
            region: np.array([region in offer.regions for _, offer in lines], np.bool_) for region in vocabulary.REGIONS
        }

    def rows_of(self, lines: Mask) -> Mask:
        """Return the rows that have at least one of the marked lines."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.row[lines]] = True
        return mask


@dataclass(frozen=True)
class Index:
    """Everything a query reads, over rows in catalogue order."""

    size: int
    texts: list[str]
    columns: dict[str, Column[Any]]
    postings: dict[str, Postings]
    distillable: Mask
    offers: OfferTable
    orders: dict[str, Positions] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[Facets], orders: Mapping[str, tuple[Any, bool]]) -> Index:
        """Index rows that stand in catalogue order.

        `orders` maps each sort's name to its key function and whether it descends.
        """
        size = len(rows)

        def column(read: Any) -> Column[Any]:
            return Column([read(row) for row in rows])

        return cls(
            size=size,
            texts=[row.text for row in rows],
            columns={name: column(read) for name, read in _COLUMNS.items()},
            postings={name: Postings((read(row) for row in rows), size) for name, read in _POSTINGS.items()},
            distillable=np.array([row.distillable for row in rows], np.bool_),
            offers=OfferTable(rows),
            orders={name: column(key).order(descending=descending) for name, (key, descending) in orders.items()},
        )


_COLUMNS: dict[str, Any] = {
    "created": lambda row: row.created,
    "context_length": lambda row: row.context_length,
    "prompt": lambda row: row.prompt,
    "completion": lambda row: row.completion,
    "intelligence_index": lambda row: row.intelligence_index,
    "coding_index": lambda row: row.coding_index,
    "agentic_index": lambda row: row.agentic_index,
    "tool_success_rate": lambda row: row.measured.tool_success_rate,
}
_POSTINGS: dict[str, Any] = {
    "author": lambda row: (row.author,),
    "tokenizer": lambda row: (row.tokenizer.lower(),),
    "inputs": lambda row: row.inputs,
    "outputs": lambda row: row.outputs,
    "parameters": lambda row: row.parameters,
    "categories": lambda row: row.categories,
}
