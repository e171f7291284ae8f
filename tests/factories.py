"""Makes catalogues for tests: the fixture of the conformance cases, real files, and single facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import Delivery, Fact, Kind, Layered
from trunkline.server.usecases.imports import import_feeds

FIXTURE_FILE = Path(__file__).parent / "data" / "fixture.yaml"
NOON = 1_787_400_000.0
"""2026-08-22T12:00Z, the time of the conformance cases."""

M = {
    "M1": "openai/gpt-4",
    "M2": "anthropic/claude-sonnet-4.5",
    "M3": "google/gemini-3-flash",
    "M4": "meta-llama/llama-3.3-70b-instruct",
    "M5": "meta-llama/llama-3.3-70b-instruct:free",
    "M6": "openai/gpt-oss-120b",
    "M7": "openai/text-embedding-3-small",
    "M8": "google/gemini-3-image",
    "M9": "openrouter/auto",
    "M10": "~anthropic/claude-sonnet-latest",
    "M11": "acme/secret-1",
}
"""The fixture's models by the names that the conformance cases give them."""
HIDDEN = "acme/staged-1"
ACCOUNT_X = "0f2a9d6e-5b7c-4c1d-9a3e-2d6f8b1c4e70"
"""The account to which M11 is private."""


def ids(names: str) -> list[str]:
    """Return the ids of `M3 M8 M2`."""
    return [M[name] for name in names.split()]


def read(file: Path) -> Delivery:
    """Return a catalogue file as a delivery; every problem of it fails the test."""
    delivery = read_feed(file.read_bytes(), file.name, known=Known())
    assert not [problem for problem in delivery.problems if problem.fatal], delivery.problems
    return delivery


def fixture_delivery() -> Delivery:
    """Return the facts of the conformance cases."""
    return read(FIXTURE_FILE)


def seed(home: Path, deliveries: Iterable[Delivery], clock: Callable[[], float] = lambda: NOON) -> Path:
    """Lay deliveries into the store of a home as its first revision, and return the home."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = open_catalog_store(home / "trunkline.db")
    try:
        import_feeds(
            store,
            list(deliveries),
            title="test",
            clock=clock,
            check=lambda facts: build(facts, 0, clock())[1],
            accept=True,
        )
    finally:
        store.close()
    return home


def model_fact(model: str, notes: dict[str, Any] | None = None, **wire: Any) -> Fact:
    """Return a model that says no more than it is given; the rest is derived, its price unknown."""
    return _fact(Kind.MODEL, model, wire, notes)


def endpoint_fact(model: str, tag: str, n: int = 0, notes: dict[str, Any] | None = None, **wire: Any) -> Fact:
    """Return the n-th endpoint of a tag for a model."""
    return _fact(Kind.ENDPOINT, f"{model} {tag} {n}", {"tag": tag, **wire}, notes)


def provider_fact(slug: str, notes: dict[str, Any] | None = None, **wire: Any) -> Fact:
    """Return a provider."""
    return _fact(Kind.PROVIDER, slug, {"slug": slug, **wire}, notes)


def alias_fact(alias: str, target: str) -> Fact:
    """Return an alias."""
    return _fact(Kind.ALIAS, alias, {"target": target}, None)


def delivered(*facts: Fact, layer: str = "") -> Delivery:
    """Return facts as one document that replaces everything."""
    return Delivery("facts", "a test", facts, frozenset(Kind), layer=layer)


def layered(*facts: Fact) -> list[Layered]:
    """Return facts in the base layer."""
    return [Layered("", fact) for fact in facts]


def _fact(kind: Kind, key: str, wire: dict[str, Any], notes: dict[str, Any] | None) -> Fact:
    return Fact(kind, key, json.dumps(wire).encode(), json.dumps(notes or {}).encode(), "a test")
