"""Reads our own facts document: a team's overlay as YAML or JSON, or the base that comes with the package."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from trunkline.server.adapters.feeds.facts_rows import (
    Json,
    encode,
    nearest,
    split_endpoint,
    split_model,
    split_provider,
)
from trunkline.server.adapters.feeds.findings import Findings
from trunkline.server.adapters.feeds.ids import id_fault, slug_fault, tag_fault
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.feeds.openrouter import check_model
from trunkline.server.adapters.feeds.shapes import check_shape, shown
from trunkline.server.domain.catalog.facts import BASE, Delivery, Fact, Kind
from trunkline.server.domain.catalog.wire_endpoint import Provider

VERSION = 1
_SECTIONS = {
    "models": Kind.MODEL,
    "endpoints": Kind.ENDPOINT,
    "providers": Kind.PROVIDER,
    "aliases": Kind.ALIAS,
}
_SHORTHANDS = ("benchmarks", "categories")
_KEYS = ("trunkline", "layer", "source", *_SECTIONS, *_SHORTHANDS)
_OF_THE_BUNDLE = ("rules",)
"""What the bundled base carries for the reader of models.dev, and this reader leaves alone."""
_LAYER = re.compile(r"[a-z0-9-]+")


def is_facts(document: Any) -> bool:
    """Recognise the document by its version."""
    return isinstance(document, dict) and "trunkline" in document


def read_facts(document: Json, source: str, known: Known) -> Delivery:
    """Read an overlay, which replaces its whole layer, or with `layer: ""` a base that replaces what it lists."""
    return _Reader(document, source, known).delivery()


class _Reader:
    def __init__(self, document: Json, source: str, known: Known) -> None:
        self.document, self.file, self.known = document, source, known
        self.found = Findings()
        stated = document.get("source")
        self.source = stated if isinstance(stated, str) else source
        self.names = {slug: name for name, slug in known.provider_slugs.items()}

    def delivery(self) -> Delivery:
        layer = self._head()
        providers = list(self._providers())
        facts = (*self._models(layer), *self._endpoints(), *providers, *self._aliases())
        kinds = (kind for section, kind in _SECTIONS.items() if section in self.document)
        replaces: frozenset[Kind] = frozenset(kinds) if layer == BASE else frozenset()
        return Delivery("facts", self.file, facts, replaces, layer=layer, problems=self.found.problems())

    def _head(self) -> str:
        if self.document["trunkline"] != VERSION:
            self.found.refuse("trunkline", "", f"only version {VERSION} of the facts document is read here")
        for key in self.document:
            if key not in _KEYS and not (key in _OF_THE_BUNDLE and self.document.get("layer") == BASE):
                self.found.refuse(key, "", f"is no part of the document{nearest(key, _KEYS)}")
        layer = self.document.get("layer")
        if layer is None:
            layer = PurePosixPath(self.file).stem
        if not isinstance(layer, str) or (layer != BASE and not _LAYER.fullmatch(layer)):
            self.found.refuse("layer", "", f"{shown(layer)} is not written in a-z, 0-9 and hyphens")
        return str(layer)

    def _section(self, name: str, holds: type, word: str) -> Iterator[tuple[str, Any]]:
        rows = self.document.get(name)
        if rows is not None and not isinstance(rows, dict):
            self.found.refuse(name, "", "expected an object")
            return
        for key, row in (rows or {}).items():
            if isinstance(row, holds):
                yield key, row
            else:
                self.found.refuse(key, "", f"expected {word} in {name}")

    def _named(self, rows: Iterator[tuple[str, Any]], fault_of: Callable[[object], str | None]) -> Iterator[Any]:
        for key, row in rows:
            if fault := fault_of(key):
                self.found.refuse(shown(key), "", fault)
            else:
                yield key, row

    def _models(self, layer: str) -> Iterator[Fact]:
        rows: dict[str, tuple[Json, Json]] = {}
        for model, row in self._named(self._section("models", dict, "an object"), id_fault):
            wire, notes = split_model(model, row, self.found)
            check_model(model, wire, self.found, nulls=True)
            if wire.get("id", model) != model:
                self.found.refuse(model, "id", "differs from the key of the row")
            rows[model] = (wire, notes)
        for model, part in self._shorthands():
            if model not in rows and (layer == BASE or model not in self.known.model_ids):
                self.found.refuse(shown(model), next(iter(part)), "there is no model of that id")
                continue
            wire, notes = rows.get(model, ({}, {}))
            more, more_notes = split_model(model, part, self.found)
            check_model(model, more, self.found, nulls=True)
            if "categories" in more_notes:
                both = [*notes.get("categories", []), *more_notes["categories"]]
                more_notes["categories"] = list(dict.fromkeys(both))
            rows[model] = ({**wire, **more}, {**notes, **more_notes})
        for model, (wire, notes) in rows.items():
            yield Fact(Kind.MODEL, model, encode(wire), encode(notes), self.source)

    def _shorthands(self) -> Iterator[tuple[str, Json]]:
        for model, results in self._section("benchmarks", dict, "an object"):
            yield model, {"benchmarks": results}
        for category, models in self._section("categories", list, "a list of model ids"):
            for model in models:
                yield str(model), {"categories": [category]}

    def _endpoints(self) -> Iterator[Fact]:
        for model, rows in self._named(self._section("endpoints", list, "a list"), id_fault):
            count: Counter[str] = Counter()
            for position, row in enumerate(rows):
                name = f"{model} [{position}]"
                if not isinstance(row, dict):
                    self.found.refuse(name, "", "expected an object")
                    continue
                wire, notes = split_endpoint(name, row, self.found)
                tag: Any = wire.setdefault("tag", row.get("provider"))
                if fault := tag_fault(tag):
                    self.found.refuse(name, "tag" if "tag" in row else "provider", fault)
                    continue
                self._name_provider(name, wire, row.get("provider"))
                key = f"{model} {tag} {count[tag]}"
                yield Fact(Kind.ENDPOINT, key, encode(wire), encode(notes), self.source)
                count[tag] += 1

    def _name_provider(self, name: str, wire: Json, stated: object) -> None:
        slug = wire["tag"].split("/", 1)[0]
        if stated is not None and stated != slug:
            self.found.refuse(name, "tag", f"does not begin with the provider {shown(stated)}")
        if "provider_name" in wire:
            return
        if slug in self.names:
            wire["provider_name"] = self.names[slug]
        else:
            self.found.warn(name, "provider", f"no provider {slug} is known: it is shown by its slug")

    def _providers(self) -> Iterator[Fact]:
        for slug, row in self._named(self._section("providers", dict, "an object"), slug_fault):
            wire, notes = split_provider(slug, row, self.found)
            check_shape(wire, Provider, partial(self.found.refuse, slug), nulls=True)
            if wire.setdefault("slug", slug) != slug:
                self.found.refuse(slug, "slug", "differs from the key of the row")
            if isinstance(wire.get("name"), str):
                self.names[slug] = wire["name"]
            yield Fact(Kind.PROVIDER, slug, encode(wire), encode(notes), self.source)

    def _aliases(self) -> Iterator[Fact]:
        models = self.document.get("models")
        for alias, target in self._named(self._section("aliases", str, "a model id"), id_fault):
            if fault := id_fault(target):
                self.found.refuse(alias, "", f"its target {fault}")
            elif alias == target:
                self.found.refuse(alias, "", "names itself")
            elif isinstance(models, dict) and alias in models:
                self.found.refuse(alias, "", "is the id of a model of this document")
            else:
                yield Fact(Kind.ALIAS, alias, encode({"target": target}), source=self.source)
