"""The table of outside formats that the catalogue takes, and the one function that reads any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trunkline.server.adapters.feeds import facts_document, models_dev, openrouter, site_providers
from trunkline.server.adapters.feeds.documents import decode
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.domain.catalog.facts import Delivery
from trunkline.server.errors import FeedRefused


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how to tell it by its content, how to read it, and what it is, for people.

    Documents come as `documents.decode` returns them: numbers with a fraction are Decimals.
    """

    name: str
    recognise: Callable[[Any], bool]
    read: Callable[[Any, str, Known], Delivery]
    sentence: str


FORMATS = (
    Format(
        "facts",
        facts_document.is_facts,
        facts_document.read_facts,
        "Our own document (YAML or JSON, `trunkline: 1`): models, endpoints, prices, providers, aliases of a team.",
    ),
    Format(
        "openrouter-models",
        openrouter.is_models,
        openrouter.read_models,
        "OpenRouter's /models, as {data: […]} or the bare list: the full list of models.",
    ),
    Format(
        "openrouter-model-endpoints",
        openrouter.is_single_model,
        openrouter.read_single_model,
        "OpenRouter's /models/AUTHOR/SLUG/endpoints: the endpoints of one model.",
    ),
    Format(
        "openrouter-endpoints",
        openrouter.is_endpoint_map,
        openrouter.read_endpoint_map,
        "{data: {model id: [endpoint, …]}}: the full list of endpoints.",
    ),
    Format(
        "openrouter-site-providers",
        site_providers.is_site_providers,
        site_providers.read_site_providers,
        "The provider page of OpenRouter's site: the full list of providers with their data policies.",
    ),
    Format(
        "openrouter-providers",
        openrouter.is_providers,
        openrouter.read_providers,
        "OpenRouter's /providers: the full list of providers.",
    ),
    Format(
        models_dev.FORMAT,
        models_dev.recognise,
        models_dev.read,
        "models.dev's api.json: the full list of models and of their endpoints.",
    ),
)
"""Tried in this order; the first that recognises a document reads it."""


def read_feed(data: bytes, source: str, *, format: str | None = None, known: Known) -> Delivery:  # noqa: A002
    """Read one document; `source` is its file name or URL, `format` admits only that row of `FORMATS`.

    Row faults are in the delivery's `problems`. Raises `FeedRefused` when the document cannot be
    decoded, or when nothing recognises it.
    """
    names = ", ".join(row.name for row in FORMATS)
    if format is not None and all(row.name != format for row in FORMATS):
        raise FeedRefused(f"{source}: there is no format {format}; known are {names}")
    document = decode(data, source)
    for row in FORMATS:
        if format in (None, row.name) and row.recognise(document):
            return row.read(document, source, known)
    raise FeedRefused(f"{source}: {f'not {format}' if format else 'not recognised; known are ' + names}")
