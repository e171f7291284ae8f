"""Puts the bundled facts document together from the fetched sources and what people have reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from builder import aliases, wheels
from builder.curation import Curation
from builder.genai_prices import PriceBook
from builder.prices import Settled, Sources, settle
from trunkline.server.adapters.feeds.models_dev.convert import CATALOGUE, Converted, convert
from trunkline.server.adapters.feeds.models_dev.models import day_start
from trunkline.server.adapters.feeds.models_dev.rows import Row, read_rows

ABOUT = (
    "The bundled catalogue (catalog.json.zst) is made from the data of these works, each under the MIT licence.\n"
    "models.dev is the origin of the first two; the packages below carried it.\n"
)


@dataclass(frozen=True, slots=True)
class Built:
    """The document, its licence notices, and what the report tells about how they came to be."""

    document: dict[str, Any]
    notice: str
    converted: Converted
    settled: Settled
    catalogue: dict[str, Row]


def assemble(paths: Mapping[wheels.Source, Path], curation: Curation) -> Built:
    """Return everything that is made from the wheels at `paths`.

    Raises `SystemExit` where a reviewed file names a model or provider that is not there.
    """
    dated = list(read_rows(wheels.site_document(paths[wheels.DATED])))
    book = PriceBook(wheels.price_literal(paths[wheels.PRICES]), date.fromisoformat(wheels.PRICES.date))
    newest = read_rows(wheels.dump_document(paths[wheels.NEWEST]))
    settled = settle(newest, dated, book, _sources(curation))
    rows = _with_release_dates(settled.rows, dated)
    converted = convert(rows, curation.rules, [row for row in dated if row.provider == CATALOGUE])
    first_listed = day_start(wheels.NEWEST.date)
    for model in converted.models.values():
        if "created" not in model:
            model |= {"created": first_listed, "created_source": "first listed"}
    curation.mark(converted.models)
    document = {
        "trunkline": 1,
        "layer": "",
        "source": f"{wheels.NEWEST.credit}, {wheels.PRICES.credit} (MIT)",
        "models": converted.models,
        "endpoints": converted.endpoints,
        "providers": curation.provider_facts(),
        "aliases": aliases.collect(converted, curation.aliases),
        "rules": curation.rules_document(),
    }
    catalogue = {row.id: row for row in rows if row.provider == CATALOGUE}
    return Built(document, _notice(paths), converted, settled, catalogue)


def _sources(curation: Curation) -> Sources:
    day = date.fromisoformat(wheels.NEWEST.date)
    # OpenRouter's own prices stay those of one day, so that the models can be compared with one another.
    return Sources(wheels.NEWEST.credit, day, wheels.PRICES.credit, curation.twins, curation.prices)


def _with_release_dates(rows: list[Row], dated: list[Row]) -> list[Row]:
    """Add the release dates of the older source, which the newest lacks."""
    released = {(row.provider, row.id): row.release_date for row in dated}
    return [row.released_on(released.get((row.provider, row.id))) for row in rows]


def _notice(paths: Mapping[wheels.Source, Path]) -> str:
    parts = [ABOUT]
    for source, path in paths.items():
        parts.append(f"{'=' * 72}\n{source.package} {source.version}\n{'=' * 72}\n\n{wheels.licence(path)}")
    return "\n".join(parts)
