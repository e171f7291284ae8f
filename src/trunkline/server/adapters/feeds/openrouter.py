"""Reads the answers of OpenRouter's public API: models, endpoints and providers.

Rows are kept as the source wrote them, fields that nobody has heard of included; nothing is derived here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from trunkline.server.adapters.feeds.findings import Findings
from trunkline.server.adapters.feeds.ids import id_fault, slug_fault, tag_fault
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.feeds.shapes import check_shape, shown
from trunkline.server.domain.catalog.facts import Delivery, Fact, Kind
from trunkline.server.domain.catalog.wire import Model
from trunkline.server.domain.catalog.wire_endpoint import Provider, PublicEndpoint

LAST_SECOND = 253_402_300_799
"""The last second of the year 9999: later dates cannot be written as dates."""

_encode = msgspec.json.Encoder(decimal_format="number").encode


def rows_of(document: Any) -> list[Any] | None:
    """Return the rows of `{"data": […]}` or of a bare list, None for anything else."""
    rows = document.get("data") if isinstance(document, dict) else document
    return rows if isinstance(rows, list) else None


def some_row_has(document: Any, *names: str) -> bool:
    """Tell whether a list holds a row that has all of the named fields."""
    rows = rows_of(document) or []
    return any(isinstance(row, dict) and all(name in row for name in names) for row in rows)


def is_models(document: Any) -> bool:
    """Recognise `/models`: rows with an id and a price, a context or a top provider.

    Images, videos and other sellers' `/models` have ids, too, but none of the three.
    """
    return any(some_row_has(document, "id", name) for name in ("pricing", "context_length", "top_provider"))


def read_models(document: Any, source: str, _known: Known) -> Delivery:
    """Read `/models` as the full list of models; one page of several replaces nothing and warns."""
    found = Findings()
    facts: list[Fact] = []
    seen: set[str] = set()
    rows = rows_of(document) or []
    for position, row in enumerate(rows):
        name = _row_name(row, "id", position)
        if not isinstance(row, dict):
            found.refuse(name, "", "expected an object")
            continue
        if fault := id_fault(row.get("id")):
            found.refuse(name, "id", fault)
            continue
        if row["id"] in seen:
            found.refuse(name, "id", "is there twice")
        seen.add(row["id"])
        check_model(name, row, found)
        facts.append(Fact(Kind.MODEL, row["id"], _encode(row), source=source))
    page = _is_page(document, len(rows))
    if page:
        found.warn("links.next", "", f"one page of {len(rows)} models: those that it lacks are kept")
    replaces = frozenset() if page else frozenset({Kind.MODEL})
    return Delivery("openrouter-models", source, tuple(facts), replaces, problems=found.problems())


def check_model(name: str, row: dict[str, Any], found: Findings, *, nulls: bool = False) -> None:
    """Report what is wrong with the fields of one model."""
    check_shape(row, Model, partial(found.refuse, name), nulls=nulls)
    if isinstance(row.get("canonical_slug"), str) and (fault := id_fault(row["canonical_slug"])):
        found.refuse(name, "canonical_slug", fault)
    target = row.get("alias_target")
    if isinstance(target, dict) and "slug" in target and (fault := id_fault(target["slug"])):
        found.refuse(name, "alias_target.slug", fault)
    created = row.get("created")
    if isinstance(created, int) and not 0 <= created <= LAST_SECOND:
        found.refuse(name, "created", f"expected Unix seconds, got {shown(created)}")
    context = row.get("context_length")
    if isinstance(context, int) and context < 0:
        found.refuse(name, "context_length", f"expected a number of tokens, got {shown(context)}")


def is_endpoint_map(document: Any) -> bool:
    """Recognise `{"data": {model id: [endpoint, …]}}`."""
    data = document.get("data") if isinstance(document, dict) else None
    return (
        isinstance(data, dict)
        and bool(data)
        and any("/" in key and isinstance(rows, list) for key, rows in data.items())
    )


def read_endpoint_map(document: Any, source: str, known: Known) -> Delivery:
    """Read a map of models to endpoints as the full list of endpoints."""
    found = Findings()
    facts: list[Fact] = []
    for model, rows in document["data"].items():
        facts += endpoints_of(model, rows, source, known, found)
    replaces = frozenset({Kind.ENDPOINT})
    return Delivery("openrouter-endpoints", source, tuple(facts), replaces, problems=found.problems())


def is_single_model(document: Any) -> bool:
    """Recognise the API's answer for one model: `{"data": {"id", …, "endpoints": […]}}`."""
    data = document.get("data") if isinstance(document, dict) else None
    return isinstance(data, dict) and "id" in data and isinstance(data.get("endpoints"), list)


def read_single_model(document: Any, source: str, known: Known) -> Delivery:
    """Read one model's endpoints; only the endpoints of that model are replaced."""
    found = Findings()
    data = document["data"]
    facts = tuple(endpoints_of(data["id"], data["endpoints"], source, known, found))
    only = frozenset({data["id"]}) if isinstance(data["id"], str) else frozenset()
    return Delivery("openrouter-model-endpoints", source, facts, replaces_endpoints_of=only, problems=found.problems())


def endpoints_of(model: object, rows: object, source: str, known: Known, found: Findings) -> Iterator[Fact]:
    """Yield the endpoints of one model as facts; a row without a tag gets its provider's slug.

    Tags repeat within a model (seen twice), so that a key ends in the row's number among equal tags.
    """
    if fault := id_fault(model):
        found.refuse(shown(model), "", fault)
        return
    if not isinstance(rows, list):
        found.refuse(str(model), "", "expected a list of endpoints")
        return
    count: Counter[str] = Counter()
    for position, row in enumerate(rows):
        name = f"{model} [{position}]"
        if not isinstance(row, dict):
            found.refuse(name, "", "expected an object")
            continue
        check_shape(row, PublicEndpoint, partial(found.refuse, name))
        tag: Any = row.get("tag", known.provider_slugs.get(str(row.get("provider_name"))))
        if fault := tag_fault(tag):
            found.refuse(name, "tag", fault)
            continue
        wire = row if "tag" in row else {**row, "tag": tag}
        yield Fact(Kind.ENDPOINT, f"{model} {tag} {count[tag]}", _encode(wire), source=source)
        count[tag] += 1


def is_providers(document: Any) -> bool:
    """Recognise `/providers`: rows with a name and a slug that are no models and not the site's own page."""
    return some_row_has(document, "name", "slug") and not (
        some_row_has(document, "id") or some_row_has(document, "displayName") or some_row_has(document, "dataPolicy")
    )


def read_providers(document: Any, source: str, _known: Known) -> Delivery:
    """Read `/providers` as the full list of providers."""
    found = Findings()
    facts = tuple(provider_facts(((row, {}) for row in rows_of(document) or []), source, found))
    return Delivery("openrouter-providers", source, facts, frozenset({Kind.PROVIDER}), problems=found.problems())


def provider_facts(rows: Iterable[tuple[Any, dict[str, Any]]], source: str, found: Findings) -> Iterator[Fact]:
    """Yield providers as facts, from pairs of a row as the API shows it and its notes."""
    seen: set[str] = set()
    for position, (row, notes) in enumerate(rows):
        name = _row_name(row, "slug", position)
        if not isinstance(row, dict):
            found.refuse(name, "", "expected an object")
            continue
        if fault := slug_fault(row.get("slug")):
            found.refuse(name, "slug", fault)
            continue
        if row["slug"] in seen:
            found.refuse(name, "slug", "is there twice")
        seen.add(row["slug"])
        check_shape(row, Provider, partial(found.refuse, name))
        yield Fact(Kind.PROVIDER, row["slug"], _encode(row), _encode(notes), source)


def _row_name(row: object, key: str, position: int) -> str:
    value = row.get(key) if isinstance(row, dict) else None
    if isinstance(value, str) and value:
        return value if value.isascii() and value.isprintable() and len(value) <= 80 else shown(value)
    return f"row {position}"


def _is_page(document: Any, count: int) -> bool:
    if not isinstance(document, dict):
        return False
    links, total = document.get("links"), document.get("total_count")
    return (isinstance(links, dict) and links.get("next") is not None) or (isinstance(total, int) and total > count)
