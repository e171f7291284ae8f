"""The whole conversion: models.dev rows in, models and endpoints of a facts document out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from trunkline.server.adapters.feeds.models_dev.endpoints import Offer, Offers, collect, endpoint_wire
from trunkline.server.adapters.feeds.models_dev.matching import Index
from trunkline.server.adapters.feeds.models_dev.models import day_start, is_free, model_wire
from trunkline.server.adapters.feeds.models_dev.pricing import UNKNOWN
from trunkline.server.adapters.feeds.models_dev.rows import Row

CATALOGUE = "openrouter"
"""The models.dev provider whose ids are ours."""

EMBEDDINGS = ("embeddings",)


@dataclass(frozen=True, slots=True)
class Rules:
    """What people have decided about the conversion; see `catalog/models.yaml` for each.

    `extra` maps an id of ours to the `provider/id` of the models.dev row that it is made from; all
    of them are embedding models, which models.dev lists as text models.
    """

    hosts: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    matches: Mapping[str, str | None] = field(default_factory=dict)
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    latest: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Rules:
        """Read the rules that the bundled document carries."""
        return cls(**document)


@dataclass(slots=True)
class Converted:
    """Models and endpoints by model id, in the shape of a facts document, and what led to them."""

    models: dict[str, dict[str, Any]]
    endpoints: dict[str, list[dict[str, Any]]]
    offers: Offers
    repriced: list[str]
    """Models whose price is their cheapest endpoint's, as no endpoint asks the one in `CATALOGUE`."""


def convert(rows: Iterable[Row], rules: Rules, retired: Iterable[Row] = ()) -> Converted:
    """Convert one models.dev document.

    `retired` are rows of `CATALOGUE` in older documents: such a model stays while a provider still
    hosts it.
    """
    rows = list(rows)
    current = {row.id: row for row in rows if row.provider == CATALOGUE}
    old = {row.id: row for row in retired if row.id not in current}
    by_name = {f"{row.provider}/{row.id}": row for row in rows}
    extra = {model: by_name[name] for model, name in rules.extra.items() if name in by_name and model not in current}
    known = {**old, **current, **extra}
    offers = collect(rows, rules.hosts, Index.of(known, rules.names, rules.matches))
    endpoints: dict[str, list[dict[str, Any]]] = {}
    for model, found in sorted(offers.by_model.items()):
        outputs = EMBEDDINGS if model in extra else known[model].outputs
        endpoints[model] = [endpoint_wire(offer, outputs=outputs) for offer in found]
    models: dict[str, dict[str, Any]] = {}
    repriced: list[str] = []
    for model in sorted({*current, *extra, *(set(old) & set(endpoints))}):
        outputs = EMBEDDINGS if model in extra else known[model].outputs
        models[model] = {**model_wire(known[model], model, outputs), **rules.fields.get(model, {})}
        created = first_release(known[model], offers.by_model.get(model, ()))
        if created is not None:
            models[model]["created"] = created
        if _settle_price(models[model], endpoints.get(model, [])):
            repriced.append(model)
    _point_latest(models, rules.latest)
    return Converted(models, endpoints, offers, repriced)


def first_release(row: Row, offers: Iterable[Offer]) -> int | None:
    """Return the release date that the rows state as Unix seconds: the row's own, else the earliest host's."""
    own = day_start(row.release_date) if row.release_date else None
    hosts = [day_start(offer.row.release_date) for offer in offers if offer.row.release_date]
    return own or min((date for date in hosts if date), default=None)


def _settle_price(model: dict[str, Any], endpoints: list[dict[str, Any]]) -> bool:
    """Make the model's price one that an endpoint asks, where any endpoint's price is known; tell if it changed.

    The hosted service's own price may be a discount that none of the providers gives to others; a
    price that nobody in the catalogue asks would mislead.
    """
    if is_free(model["id"]):
        return False
    priced = [e for e in endpoints if UNKNOWN not in (e["pricing"]["prompt"], e["pricing"]["completion"])]
    asked = {(e["pricing"]["prompt"], e["pricing"]["completion"]) for e in priced}
    if priced and (model["pricing"]["prompt"], model["pricing"]["completion"]) not in asked:
        cheapest = min(priced, key=_mean_price)
        model["pricing"] = dict(cheapest["pricing"])
        return True
    return False


def _mean_price(endpoint: Mapping[str, Any]) -> Decimal:
    return Decimal(endpoint["pricing"]["prompt"]) + Decimal(endpoint["pricing"]["completion"])


def _point_latest(models: dict[str, dict[str, Any]], latest: Mapping[str, str]) -> None:
    """Give `~` rows their target and its properties; one without a target in the catalogue goes."""
    for alias in [model for model in models if model.startswith("~")]:
        row, target = models[alias], models.get(latest.get(alias, ""))
        if target is None:
            del models[alias]
            continue
        own = {key: row[key] for key in ("id", "canonical_slug", "name", "created") if key in row}
        pointer = {"alias_target": {"slug": target["id"], "name": target["name"]}}
        models[alias] = {key: value for key, value in target.items() if key != "created"} | own | pointer
