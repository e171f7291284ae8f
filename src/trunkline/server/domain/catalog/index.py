"""What the queries look at: one `Facets` a row while building, columns and postings ever after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trunkline.server.domain.catalog import pricing, slugs, vocabulary
from trunkline.server.domain.catalog.columns import Column, Mask, Positions, Postings
from trunkline.server.domain.catalog.traits import Private, Traits, Zdr
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
class Learned:
    """What traffic has taught about a catalogue: models by the position of their row, endpoints by their key.

    Of an endpoint it is the fields of the API's object that are known; they take the place of what a source states.
    """

    models: Mapping[int, Measured]
    endpoints: Mapping[str, Mapping[str, Any]]


NOTHING_LEARNED = Learned({}, {})


@dataclass(frozen=True, slots=True)
class _MeasuredRow:
    measured: Measured


@dataclass(frozen=True, slots=True)
class Offer:
    """What a search may ask of one endpoint: who hosts it, where, and what it does with data."""

    provider_name: str
    traits: Traits


@dataclass(frozen=True, slots=True)
class Standing:
    """What a row is to rules: the model that it stands for, to whom it is private, and what kind of row it is.

    `permaslug` is the variant canonical slug of the concrete model (spec 0.2), of a `~author/family-latest`
    row that of its target; a `router` passes calls on to other models; `latest` marks the former.
    """

    permaslug: str
    private_to: Private = ()
    router: bool = False
    latest: bool = False


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
    standing: Standing
    measured: Measured = NOTHING_MEASURED

    @classmethod
    def of(
        cls,
        model: Model,
        notes: Mapping[str, Any],
        offers: Iterable[Offer],
        standing: Standing,
        measured: Measured = NOTHING_MEASURED,
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
            inputs=tuple(map(intern, model.architecture.input_modalities)),
            outputs=tuple(map(intern, model.architecture.output_modalities)),
            parameters=tuple(map(intern, model.supported_parameters)),
            categories=tuple(notes.get("categories") or ()),
            distillable=notes.get("distillable") is True,
            intelligence_index=_exact(scores.intelligence_index) if scores else None,
            coding_index=_exact(scores.coding_index) if scores else None,
            agentic_index=_exact(scores.agentic_index) if scores else None,
            design_arena_elo=max((entry.elo for entry in arena), default=None),
            offers=tuple(offers),
            standing=standing,
            measured=measured,
        )


def _exact(score: float | None) -> Decimal | None:
    # As it is written: 71.4 is within bounds of 71.4, although the float nearest to it is larger.
    return None if score is None else Decimal(str(score))


class OfferTable:
    """One line per pair of row and endpoint, so that one and the same endpoint has to answer all of a search.

    Lines stand in the order of rows and of each row's endpoints. `kinds` are the distinct traits and
    `kind` says which of them a line has, so that a rule is worked out once for all endpoints alike.
    `public` are the lines that anybody may know of.
    """

    def __init__(self, rows: Sequence[Facets]) -> None:
        lines = [(position, offer) for position, row in enumerate(rows) for offer in row.offers]
        self.size = len(rows)
        self.row: NDArray[np.intp] = np.array([position for position, _ in lines], np.intp)
        self.provider = Postings(
            ({offer.traits.provider.lower(), offer.provider_name.lower()} for _, offer in lines), len(lines)
        )
        codes: dict[Traits, int] = {}
        kind = [codes.setdefault(offer.traits, len(codes)) for _, offer in lines]
        self.kinds = tuple(codes)
        self.kind: NDArray[np.intp] = np.array(kind, np.intp)
        self.free = self.lines_of([traits.free for traits in self.kinds])
        self.zdr = self.lines_of([traits.zdr is Zdr.STRICT for traits in self.kinds])
        self.region = {
            region: self.lines_of([region in traits.regions for traits in self.kinds]) for region in vocabulary.REGIONS
        }
        open_to_all = np.array([not row.standing.private_to for row in rows], np.bool_)
        self.public = self.lines_of([not traits.private_to for traits in self.kinds]) & open_to_all[self.row]

    def lines_of(self, kinds: Sequence[bool]) -> Mask:
        """Return the lines of the marked kinds; one mark for each of `kinds`."""
        return np.array(kinds, np.bool_)[self.kind]

    def rows_of(self, lines: Mask) -> Mask:
        """Return the rows that have at least one of the marked lines."""
        mask = np.zeros(self.size, np.bool_)
        mask[self.row[lines]] = True
        return mask


class Models:
    """Which model each row stands for: `slugs` are the distinct variant canonical slugs, `slug` says which a row has.

    `concrete` are the rows that are neither routers nor `~author/family-latest`; `routers` and
    `private` give positions with the slug or with those to whom the row is private.
    """

    def __init__(self, rows: Sequence[Standing]) -> None:
        codes: dict[str, int] = {}
        self.slug: NDArray[np.intp] = np.array([codes.setdefault(row.permaslug, len(codes)) for row in rows], np.intp)
        self.slugs = tuple(codes)
        self.concrete: Mask = np.array([not (row.router or row.latest) for row in rows], np.bool_)
        self.routers = tuple((position, row.permaslug) for position, row in enumerate(rows) if row.router)
        self.private = tuple((position, row.private_to) for position, row in enumerate(rows) if row.private_to)

    def rows_of(self, slugs: Sequence[bool]) -> Mask:
        """Return the rows of the marked models; one mark for each of `slugs`."""
        return np.array(slugs, np.bool_)[self.slug]


@dataclass(frozen=True)
class Index:
    """Everything a query reads, over rows in catalogue order; `public` are the rows that anybody may know of."""

    size: int
    texts: list[str]
    columns: dict[str, Column[Any]]
    postings: dict[str, Postings]
    distillable: Mask
    offers: OfferTable
    public: Mask
    models: Models
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
            public=np.array([not row.standing.private_to for row in rows], np.bool_),
            models=Models([row.standing for row in rows]),
            orders={name: column(key).order(descending=descending) for name, (key, descending) in orders.items()},
        )

    def measured(self, models: Mapping[int, Measured], orders: Mapping[str, tuple[Any, bool]]) -> Index:
        """Return the index with what was measured of some rows (by position), and nothing of the others.

        `orders` are those that measured values decide; all else is shared with this index.
        """
        rows = {position: _MeasuredRow(found) for position, found in models.items()}

        def column(read: Any) -> Column[Any]:
            return Column.sparse({position: read(row) for position, row in rows.items()}, self.size)

        made = {name: column(key).order(descending=descending) for name, (key, descending) in orders.items()}
        return replace(
            self,
            columns={**self.columns, **{name: column(_COLUMNS[name]) for name in _MEASURED_COLUMNS}},
            orders={**self.orders, **made},
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
_MEASURED_COLUMNS = ("tool_success_rate",)
_POSTINGS: dict[str, Any] = {
    "author": lambda row: (row.author,),
    "tokenizer": lambda row: (row.tokenizer.lower(),),
    "inputs": lambda row: row.inputs,
    "outputs": lambda row: row.outputs,
    "parameters": lambda row: row.parameters,
    "categories": lambda row: row.categories,
}
