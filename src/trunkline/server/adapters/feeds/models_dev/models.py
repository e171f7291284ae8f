"""Turns a models.dev row of the provider `openrouter` into a Model of the API.

States only what the row states; what it cannot tell is left out or null.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from trunkline.server.adapters.feeds.models_dev.families import ROUTERS, author_name, tokenizer
from trunkline.server.adapters.feeds.models_dev.pricing import price_object
from trunkline.server.adapters.feeds.models_dev.rows import Row

MODALITIES = {"pdf": "file"}
"""models.dev's modality -> ours, where the names differ."""

INPUT_ORDER = ("text", "image", "file", "audio", "video")
OUTPUT_ORDER = ("text", "image", "embeddings", "audio", "video")

PARAMETERS = (
    ("tool_call", ("tools", "tool_choice")),
    ("structured_output", ("structured_outputs", "response_format")),
    ("reasoning", ("reasoning", "include_reasoning")),
    ("temperature", ("temperature",)),
    ("output", ("max_tokens",)),
)
"""Field of a row -> the request parameters that it proves. Nothing states `top_p` and the like."""

_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


def model_wire(row: Row, model: str, outputs: Sequence[str]) -> dict[str, Any]:
    """Return the Model object for `row` under the id `model`, without `created` and `links`.

    `outputs` are the output modalities: the row's own, or others where those are known to be wrong.
    """
    produced = ordered(outputs, OUTPUT_ORDER)
    router, embeds = model in ROUTERS, produced == ["embeddings"]
    wire: dict[str, Any] = {
        "id": model,
        "canonical_slug": model if model.startswith("~") else model.partition(":")[0],
        "name": display_name(row.name, model),
        "pricing": price_object(row.tiers, free=is_free(model), outputs=produced),
        "context_length": row.context,
        "architecture": architecture(row.inputs, produced, model),
        "top_provider": {
            "context_length": None if router else row.context,
            "max_completion_tokens": None if router or embeds else completion_limit(row),
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": [] if embeds else supported_parameters(row),
        "default_parameters": None,
        "supported_voices": None,
        "knowledge_cutoff": last_day(row.knowledge),
    }
    if row.reasoning and not router and not embeds:
        # The API requires `mandatory`; no source tells it, and false is what our rule for unknown booleans says.
        wire["reasoning"] = {"mandatory": False}
    return wire


def is_free(model: str) -> bool:
    """Tell whether a price of zero is meant for this id."""
    return model.endswith(":free") or model == "openrouter/free"


def display_name(name: str, model: str) -> str:
    """Return `Author: Name`. models.dev's own marker `(latest)` and the author's name in `~` rows go."""
    author = author_name(model)
    text = " ".join(name.replace("(latest)", " ").split())
    if model.startswith("~"):
        text = text.removeprefix(author).strip()
    return f"{author}: {text}"


def architecture(inputs: Sequence[str], outputs: Sequence[str], model: str) -> dict[str, Any]:
    """Return the API's architecture for models.dev modalities."""
    accepted, produced = ordered(inputs, INPUT_ORDER), ordered(outputs, OUTPUT_ORDER)
    return {
        "modality": f"{'+'.join(accepted)}->{'+'.join(produced)}",
        "input_modalities": accepted,
        "output_modalities": produced,
        "tokenizer": tokenizer(model),
        "instruct_type": None,
    }


def ordered(modalities: Sequence[str], order: Sequence[str]) -> list[str]:
    """Return modalities under our names, known ones in the given order, others behind."""
    named = dict.fromkeys(MODALITIES.get(modality, modality) for modality in modalities)
    return [m for m in order if m in named] + [m for m in named if m not in order]


def supported_parameters(row: Row) -> list[str]:
    """Return the request parameters that the row proves, in alphabetical order."""
    return sorted(_parameters(row))


def completion_limit(row: Row) -> int | None:
    """Return the stated limit of output tokens; one above the whole context is a mistake, so unknown."""
    return row.output if row.output and row.output <= (row.context or row.output) else None


def last_day(date: str | None) -> str | None:
    """Return a date as YYYY-MM-DD; a bare month becomes its last day, as the source's full dates are.

    >>> last_day("2025-02")
    '2025-02-28'
    """
    found = _DATE.fullmatch(date or "")
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), found[3]
    if not 1 <= month <= 12:
        return None
    return f"{year:04}-{month:02}-{int(day) if day else calendar.monthrange(year, month)[1]:02}"


def day_start(date: str) -> int | None:
    """Return midnight UTC of a date as Unix seconds, the first of a bare month; None where unreadable."""
    found = _DATE.fullmatch(date)
    if found is None:
        return None
    try:
        return int(datetime(int(found[1]), int(found[2]), int(found[3] or 1), tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _parameters(row: Row) -> Iterator[str]:
    for field, names in PARAMETERS:
        if getattr(row, field):
            yield from names
