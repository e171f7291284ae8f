"""Rows of our own facts document: what the API shows apart from what it does not, and shorthands written out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import msgspec
from msgspec import Struct

from trunkline.server.adapters.feeds.decimals import pricing_text
from trunkline.server.adapters.feeds.findings import Findings
from trunkline.server.adapters.feeds.shapes import check_shape, shown
from trunkline.server.domain.catalog.vocabulary import CATEGORIES, REGIONS
from trunkline.server.domain.catalog.wire import Model
from trunkline.server.domain.catalog.wire_endpoint import Provider, PublicEndpoint

Json = dict[str, Any]

encode = msgspec.json.Encoder(decimal_format="number").encode


class DataPolicy(Struct):
    """What happens to prompts; an absent member is unknown."""

    training: bool | None
    retains: bool | None
    retention_days: int | None
    publishes: bool | None
    zdr: Literal["none", "safety", "strict"] | None


class ModelNotes(Struct):
    """Facts about a model that the API does not show."""

    categories: list[str]
    distillable: bool
    hidden: bool
    successor: str
    created_source: str
    private_to: list[str]


class EndpointNotes(Struct):
    """Facts about an endpoint that the API does not show."""

    data_policy: DataPolicy
    regions: list[str]
    upstream_model: str
    price_source: str
    parameters: str
    private_to: list[str]


class ProviderNotes(Struct):
    """Facts about a provider that the API does not show."""

    base_url: str
    dialect: str
    env: list[str]
    data_policy: DataPolicy
    regions: list[str]


def split_model(name: str, row: Json, found: Findings) -> tuple[Json, Json]:
    """Return a model's row as (wire, notes)."""
    wire, notes = _split(name, row, ModelNotes, Model, found)
    if "created" in wire:
        wire["created"] = _seconds(wire["created"])
    if "pricing" in wire:
        wire["pricing"] = pricing_text(wire["pricing"])
    _warn_of_words(name, "categories", notes.get("categories"), CATEGORIES, found)
    return wire, notes


def split_endpoint(name: str, row: Json, found: Findings) -> tuple[Json, Json]:
    """Return an endpoint's row, without its `provider`, as (wire, notes)."""
    row = {key: value for key, value in row.items() if key != "provider"}
    wire, notes = _split(name, row, EndpointNotes, PublicEndpoint, found)
    if "pricing" in wire:
        wire["pricing"] = pricing_text(wire["pricing"])
    check_shape(wire, PublicEndpoint, partial(found.refuse, name), nulls=True)
    _warn_of_words(name, "regions", notes.get("regions"), REGIONS, found)
    return wire, notes


def split_provider(name: str, row: Json, found: Findings) -> tuple[Json, Json]:
    """Return a provider's row as (wire, notes); fields that the API does not have are notes."""
    wire, notes = _split(name, row, ProviderNotes, Provider, found)
    shows = set(Provider.__struct_fields__)
    notes |= {key: value for key, value in wire.items() if key not in shows}
    _warn_of_words(name, "regions", notes.get("regions"), REGIONS, found)
    return {key: value for key, value in wire.items() if key in shows}, notes


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ` (do you mean …?)` for a word that looks like a known one, else nothing."""
    matches = difflib.get_close_matches(word, list(known), 1)
    return f" (do you mean {matches[0]}?)" if matches else ""


def _split(name: str, row: Json, apart: type[Struct], shows: type[Struct], found: Findings) -> tuple[Json, Json]:
    hidden, known = set(apart.__struct_fields__), shows.__struct_fields__
    notes = {key: value for key, value in row.items() if key in hidden}
    wire = {key: value for key, value in row.items() if key not in hidden}
    check_shape(notes, apart, partial(found.refuse, name), nulls=True)
    for key in wire:
        if key not in known and (guess := nearest(key, (*known, *hidden))):
            found.warn(name, key, f"is no field that we know, and kept as it is{guess}")
    return wire, notes


def _warn_of_words(name: str, field: str, words: Any, known: tuple[str, ...], found: Findings) -> None:
    for word in words if isinstance(words, list) else []:
        if isinstance(word, str) and word not in known:
            found.warn(name, field, f"{shown(word)} is none of {', '.join(known)}{nearest(word, known)}")


def _seconds(value: Any) -> Any:
    """Return a date (midnight UTC) or a date with time as Unix seconds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
