"""The filters of the model list, a row each (spec 1.3).

From these rows come the query parameters, their OpenAPI descriptions, the command line's flags and
the documentation. A filter looks at model rows (`rows`) or at single endpoints (`offers`); filters
of the second kind must hold together on one and the same endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import numpy as np

from trunkline.server.domain.catalog import parsers, vocabulary
from trunkline.server.domain.catalog.columns import Mask
from trunkline.server.domain.catalog.index import Index, OfferTable
from trunkline.server.domain.catalog.pricing import DAY

TEXT_ONLY = ("text",)
"""What `output_modalities` means when it is not given."""
_EXACT = Context(prec=500)  # wider than any number that the reader lets through: bounds are never rounded


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter that narrows the list.

    `rows(index, value, now)` returns the rows that pass (`now` in Unix seconds); `offers(table,
    value)` the lines of the endpoint table that pass. `schema` is the parameter's JSON Schema.
    `ages` marks a filter whose answer changes with the clock.
    """

    name: str
    read: parsers.Reader
    schema: dict[str, Any]
    meaning: str
    rows: Callable[[Index, Any, float], Mask] | None = None
    offers: Callable[[OfferTable, Any], Mask] | None = None
    listed: bool = False
    default: Any = None
    ages: bool = False


def _string(example: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "examples": [example], **more}


def _number(example: float, high: int | None = None) -> dict[str, Any]:
    bounds: dict[str, Any] = {"minimum": 0} if high is None else {"minimum": 0, "maximum": high}
    return {"type": ["number", "null"], "examples": [example], **bounds}


def _at_least(column: str, scale: int = 0) -> Callable[[Index, Decimal, float], Mask]:
    return lambda index, value, now: index.columns[column].between(_EXACT.scaleb(value, scale), None)


def _at_most(column: str, scale: int = 0) -> Callable[[Index, Decimal, float], Mask]:
    return lambda index, value, now: index.columns[column].between(None, _EXACT.scaleb(value, scale))


def _range(
    column: str, suffix: str, what: str, example: tuple[float, float], *, scale: int = 0, high: int | None = None
) -> tuple[Filter, Filter]:
    read = parsers.number(0, high)
    return (
        Filter(f"min_{suffix}", read, _number(example[0], high), f"Lowest {what}.", rows=_at_least(column, scale)),
        Filter(f"max_{suffix}", read, _number(example[1], high), f"Highest {what}.", rows=_at_most(column, scale)),
    )


def _search(index: Index, value: str, now: float) -> Mask:
    texts = index.texts
    first, *others = dict.fromkeys(value.lower().split()) or ("",)
    # Bytes of a list of booleans are a mask already; positions would be converted one by one.
    mask = np.frombuffer(bytearray([first in text for text in texts]), np.bool_)
    for token in others:
        mask[[position for position in np.flatnonzero(mask).tolist() if token not in texts[position]]] = False
    return mask


def _family(index: Index, value: tuple[str, ...], now: float) -> Mask:
    # A family name also means its numbered groups: `Llama` is Llama2, Llama3 and Llama4.
    families = {family.lower() for family in value}
    groups = index.postings["tokenizer"]
    return groups.any_of(name for name in groups.positions if not families.isdisjoint(_families(name)))


def _families(group: str) -> list[str]:
    stem = len(group.rstrip("0123456789"))
    return [group[:end] for end in range(stem, len(group) + 1)]


def _younger(index: Index, days: int, now: float) -> Mask:
    return index.columns["created"].between(int(now) - (days + 1) * DAY + 1, None)


def _older(index: Index, days: int, now: float) -> Mask:
    return index.columns["created"].between(None, int(now) - days * DAY)


def _offers_of(table: OfferTable, names: tuple[str, ...]) -> Mask:
    return table.provider.any_of(name.lower() for name in names)


_AGE = {"type": ["integer", "null"], "minimum": 0, "examples": [30]}

FILTERS: dict[str, Filter] = {
    filter_.name: filter_
    for filter_ in (
        Filter(
            "category",
            parsers.one_of(vocabulary.CATEGORIES),
            _string("programming", enum=list(vocabulary.CATEGORIES)),
            "Use case that the model is tagged with.",
            rows=lambda index, value, now: index.postings["categories"].any_of((value,)),
        ),
        Filter(
            "supported_parameters",
            parsers.words,
            _string("tools,temperature"),
            "Request parameters that the model supports, all of them (comma-separated).",
            rows=lambda index, value, now: index.postings["parameters"].all_of(value),
            listed=True,
        ),
        Filter(
            "output_modalities",
            parsers.words_of(vocabulary.OUTPUT_MODALITIES, switch_off="all"),
            _string("text", default="text"),
            "Kinds of output, any of them (comma-separated), or `all`; text when absent. "
            f"Accepted: {', '.join(vocabulary.OUTPUT_MODALITIES)}, all.",
            rows=lambda index, value, now: index.postings["outputs"].any_of(value),
            listed=True,
            default=TEXT_ONLY,
        ),
        Filter(
            "input_modalities",
            parsers.words_of(vocabulary.INPUT_MODALITIES),
            _string("text,image"),
            f"Kinds of input, all of them (comma-separated). Accepted: {', '.join(vocabulary.INPUT_MODALITIES)}.",
            rows=lambda index, value, now: index.postings["inputs"].all_of(value),
            listed=True,
        ),
        Filter(
            "q",
            parsers.text,
            _string("gpt-4"),
            "Words that must all occur in the model's name or id.",
            rows=_search,
        ),
        Filter(
            "context",
            parsers.integer(1),
            {"type": "integer", "minimum": 1, "examples": [128000]},
            "Smallest context length in tokens.",
            rows=lambda index, value, now: index.columns["context_length"].between(value, None),
        ),
        *_range("prompt", "price", "prompt price in USD per million tokens", (0, 10), scale=-6),
        *_range("completion", "output_price", "completion price in USD per million tokens", (0, 30), scale=-6),
        Filter(
            "arch",
            parsers.words,
            _string("GPT"),
            "Model family, any of them (comma-separated); `Llama` means Llama2, Llama3 and Llama4.",
            rows=_family,
            listed=True,
        ),
        Filter(
            "model_authors",
            parsers.words,
            _string("openai,anthropic"),
            "Organisations that made the model, any of them (comma-separated author slugs).",
            rows=lambda index, value, now: index.postings["author"].any_of(name.lower() for name in value),
            listed=True,
        ),
        Filter(
            "providers",
            parsers.words,
            _string("OpenAI,Anthropic"),
            "Providers that host the model, any of them (comma-separated names or slugs).",
            offers=_offers_of,
            listed=True,
        ),
        Filter(
            "distillable",
            parsers.one_of(("true", "false")),
            _string("true", enum=["true", "false"]),
            "Whether the author permits distillation.",
            rows=lambda index, value, now: index.distillable if value == "true" else ~index.distillable,
        ),
        Filter(
            "zdr",
            parsers.one_of(("true",)),
            _string("true", enum=["true"]),
            "Only models with an endpoint that retains no data.",
            offers=lambda table, value: table.zdr,
        ),
        Filter(
            "region",
            parsers.one_of(vocabulary.REGIONS),
            _string("eu", enum=list(vocabulary.REGIONS)),
            "Only models with an endpoint that processes wholly inside the region.",
            offers=lambda table, value: table.region[value],
        ),
        Filter("min_age_days", parsers.integer(0, nullable=True), _AGE, "Lowest age in days.", rows=_older, ages=True),
        Filter(
            "max_age_days", parsers.integer(0, nullable=True), _AGE, "Highest age in days.", rows=_younger, ages=True
        ),
        *_range("intelligence_index", "intelligence_index", "Artificial Analysis intelligence index", (50, 80)),
        *_range("coding_index", "coding_index", "Artificial Analysis coding index", (50, 80)),
        *_range("agentic_index", "agentic_index", "Artificial Analysis agentic index", (50, 80)),
        *_range("tool_success_rate", "tool_success_rate", "share of tool calls that ended well", (0.9, 1), high=1),
    )
}
"""Every filter by its parameter's name, in the order of the documentation."""
