"""The catalogue that comes with the package: real models, endpoints and providers, read offline.

Built by `make catalog` from MIT-licensed sources; their notices lie beside it in `NOTICE.txt`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import zstandard

from trunkline.server.domain.catalog.facts import Delivery, Fact, Kind

FILE = "catalog.json.zst"
FORMAT = "trunkline-bundle"

NOTES = {
    Kind.MODEL: ("categories", "distillable", "hidden", "created_source"),
    Kind.ENDPOINT: ("data_policy", "regions", "upstream_model", "price_source", "parameters"),
    Kind.PROVIDER: ("base_url", "dialect", "env", "data_policy", "regions"),
}
"""Per kind, the fields of the document that the API does not show."""

_encode = msgspec.json.Encoder().encode


def document() -> dict[str, Any]:
    """Return the bundled facts document, decoded afresh: the caller may use it up.

    Beside facts it holds `rules`: how people have decided that models.dev is to be converted.
    """
    packed = files(__package__).joinpath(FILE).read_bytes()
    decoded: dict[str, Any] = msgspec.json.decode(zstandard.ZstdDecompressor().decompress(packed))
    return decoded


@cache
def load() -> Delivery:
    """Return every bundled fact as one base delivery that replaces all four kinds."""
    return delivery(document())


def delivery(doc: dict[str, Any]) -> Delivery:
    """Turn a bundled facts document into a delivery; `doc` is used up (its rows lose their notes)."""
    source = doc["source"]
    names = {slug: body["name"] for slug, body in doc["providers"].items()}
    facts = [_fact(Kind.PROVIDER, slug, {"slug": slug} | body, source) for slug, body in doc["providers"].items()]
    facts += [_fact(Kind.MODEL, model, {"id": model} | body, source) for model, body in doc["models"].items()]
    for model, rows in doc["endpoints"].items():
        seen: dict[str, int] = {}
        for row in rows:
            slug = row.pop("provider")
            tag = row.setdefault("tag", slug)
            seen[tag] = seen.get(tag, -1) + 1
            wire = {"provider_name": names[slug]} | row
            facts.append(_fact(Kind.ENDPOINT, f"{model} {tag} {seen[tag]}", wire, source))
    facts += [Fact(Kind.ALIAS, alias, _encode({"target": to}), source=source) for alias, to in doc["aliases"].items()]
    return Delivery(FORMAT, source, tuple(facts), replaces=frozenset(Kind))


def _fact(kind: Kind, key: str, row: dict[str, Any], source: str) -> Fact:
    notes = {name: row.pop(name) for name in NOTES[kind] if name in row}
    return Fact(kind, key, _encode(row), _encode(notes), source)
