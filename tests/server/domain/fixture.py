"""Small catalogues as snapshots: short ways to state rows, to build them and to ask them (spec 7 for the fixture)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tests.factories import M, fixture_delivery
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import BASE, Fact, Kind, Layered, Problem
from trunkline.server.domain.catalog.snapshot import Snapshot

NOW = 1_787_400_000
"""22 August 2026, 12:00 UTC, a Saturday."""


def fact(kind: Kind, key: str, wire: Any, notes: Any = None) -> Fact:
    """Return a fact; `wire` and `notes` are objects, or bytes that are taken as they are."""
    as_bytes = [part if isinstance(part, bytes) else msgspec.json.encode(part) for part in (wire, notes or {})]
    return Fact(kind, key, as_bytes[0], as_bytes[1], "test")


def model(key: str, notes: Any = None, **wire: Any) -> Fact:
    """Return a model that has a name at least: one that states nothing is no model."""
    return fact(Kind.MODEL, key, {"name": key, **wire}, notes)


def latest(key: str, target: str, *, notes: Any = None, **wire: Any) -> Fact:
    return fact(Kind.MODEL, key, {"alias_target": {"slug": target}, **wire}, notes)


def endpoint(model_id: str, tag: str, number: int = 0, notes: Any = None, **wire: Any) -> Fact:
    return fact(Kind.ENDPOINT, f"{model_id} {tag} {number}", {"tag": tag, **wire}, notes)


def provider(slug: str, name: str | None = None, notes: Any = None, **wire: Any) -> Fact:
    return fact(Kind.PROVIDER, slug, {"slug": slug, "name": name or slug, **wire}, notes)


def alias(key: str, target: Any) -> Fact:
    return fact(Kind.ALIAS, key, {"target": target})


def price(prompt: str, completion: str, **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "completion": completion, **more}


def built(facts: Iterable[Fact], now: float = NOW, layer: str = BASE) -> tuple[Snapshot, tuple[Problem, ...]]:
    """Build facts of one layer as revision 1."""
    return build([Layered(layer, item) for item in facts], 1, now)


def snapshot(facts: Iterable[Fact], now: float = NOW) -> Snapshot:
    """Build facts that must be without fault."""
    made, problems = built(facts, now)
    assert problems == ()
    return made


def ids(of: Snapshot) -> list[str]:
    return [row.id for row in of.rows]


def row(of: Snapshot, slug: str) -> dict[str, Any]:
    """Return the object that the API shows for a slug."""
    found = of.find(slug)
    assert found is not None, slug
    return found.decode()


def listed(of: Snapshot, *pairs: tuple[str, str], now: float = NOW, region: str | None = None) -> list[str]:
    """Return the ids of a list request's page."""
    return [of.rows[position].id for position in selection(of, *pairs, now=now, region=region).positions]


def selection(of: Snapshot, *pairs: tuple[str, str], now: float = NOW, region: str | None = None) -> query.Selection:
    """Answer a list request from raw query pairs."""
    return query.select(of.index, query.read(pairs, query.MODEL_LIST), now, region)


STRICT = {"data_policy": {"training": False, "retention_days": 0}}
RETAINS = {"data_policy": {"training": False, "retains": True}}


def conformance() -> Snapshot:
    """Return the fixture of the conformance cases at `NOW`."""
    return snapshot(fixture_delivery().facts)


def names(of: Iterable[str]) -> str:
    """Return the names that the conformance cases give to ids: `M3 M8 M2`."""
    by_id = {model_id: name for name, model_id in M.items()}
    return " ".join(by_id[model_id] for model_id in of)


CATALOGUE_ORDER = "M10 M3 M8 M2 M6 M4 M5 M9 M1"
