"""`trunkline models` and `trunkline model`: the catalogue of this home as tables for people, JSON or CSV.

The flags of `models` are the filters, sorts and paging of the API, made from the same rows.
"""

from __future__ import annotations

import csv
import inspect
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from trunkline.cli.flags import Place
from trunkline.cli.serve import prepare_home
from trunkline.cli.tables import show, usd_per_million
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.errors import BadRequest, NotFound, SettingsError, TrunklineError
from trunkline.server.settings import Settings
from trunkline.server.usecases import models as usecase

_HERE = Place()
_ROWS = tuple(row for row in query.MODEL_LIST if not row.name.startswith("use_rss"))
_COLUMNS = ("id", "context", "in $/M", "out $/M", "in", "out", "created")


def models(**given: Any) -> None:
    """List models. `given` holds the place, the output form and one text per filter, as typed."""
    place, as_json, as_csv = given.pop("place", _HERE), given.pop("json", False), given.pop("csv", False)
    settings = place.load().settings
    try:
        values = query.read([(name, text) for name, text in given.items() if text is not None], _ROWS)
    except BadRequest as refused:
        raise SettingsError(
            "; ".join(f"--{issue.path.replace('_', '-')}: {issue.message}" for issue in refused.issues)
        ) from None
    snapshot, now = _catalogue(settings)
    page = usecase.list_models(snapshot, values, now)
    rows = [row.decode() for row in page.rows]
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n")
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(["id", "name", "context_length", "usd_per_million_in", "usd_per_million_out", "created"])
        writer.writerows(
            [row["id"], row["name"], row["context_length"], *_prices(row, ""), _date(row["created"])] for row in rows
        )
    else:
        show(_COLUMNS, [_line(row) for row in rows], right=("context", "in $/M", "out $/M"))
        sys.stdout.write(f"{len(rows)} of {page.total} models\n")


def model(slug: str, place: Place = _HERE, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Show one model with its endpoints, and where each fact comes from.

    Example: `trunkline model openai/gpt-4o`

    Parameters
    ----------
    slug
        Id, canonical slug or alias, with or without variants.
    json
        Print the API's object instead.
    """
    snapshot, _ = _catalogue(place.load().settings)
    try:
        row = usecase.get_model(snapshot, slug)
    except NotFound:
        raise TrunklineError(f"there is no model {slug}") from None
    if json:
        sys.stdout.write(msgspec.json.format(row.body, indent=2).decode() + "\n")
        return
    _describe(row)


def _describe(row: Row) -> None:
    shown = row.decode()
    first_listed = row.notes.get("created_source")
    stated = {
        "id": shown["id"],
        "name": shown["name"],
        "created": _date(shown["created"]) + (f" ({first_listed})" if first_listed else ""),
        "canonical slug": shown["canonical_slug"],
        "context": _count(shown["context_length"]) + " tokens",
        "modality": shown["architecture"]["modality"] or "-",
        "price": "{} in, {} out (USD per million tokens)".format(*_prices(shown, "unknown")),
        "moderated": "yes" if shown["top_provider"]["is_moderated"] else "no, or unknown",
        "distillable": _known(row.notes.get("distillable")),
        "parameters": ", ".join(shown["supported_parameters"]) or "none stated",
        "categories": ", ".join(row.notes.get("categories") or ()) or "none",
        "source": row.source or "-",
    }
    show(("", ""), list(stated.items()), headings=False)
    if row.endpoints:
        sys.stdout.write("\n")
        show(
            ("provider", "tag", "context", "in $/M", "out $/M", "retains nothing", "trains", "regions", "price from"),
            [
                (
                    endpoint.wire["provider_name"],
                    endpoint.wire["tag"],
                    _count(endpoint.wire["context_length"]),
                    *_prices(endpoint.wire, "unknown"),
                    "yes" if endpoint.zdr else "no, or unknown",
                    _known(endpoint.data_policy.get("training")),
                    ", ".join(endpoint.regions) or "-",
                    endpoint.notes.get("price_source") or "-",
                )
                for endpoint in row.endpoints
            ],
            right=("context", "in $/M", "out $/M"),
        )


def _catalogue(settings: Settings) -> tuple[Snapshot, float]:
    from trunkline.server.runtime import load_catalogue

    prepare_home(settings.home)
    return load_catalogue(settings)


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    architecture = row["architecture"]
    return (
        row["id"],
        _count(row["context_length"]),
        *_prices(row, "-"),
        "+".join(architecture["input_modalities"]),
        "+".join(architecture["output_modalities"]),
        _date(row["created"]),
    )


def _prices(row: dict[str, Any], unknown: str) -> tuple[str, str]:
    prompt, completion = (usd_per_million(row["pricing"][side], unknown) for side in ("prompt", "completion"))
    return prompt, completion


def _known(stated: object) -> str:
    return "yes" if stated is True else "no" if stated is False else "unknown"


def _count(tokens: int | None) -> str:
    return "-" if tokens is None else f"{Decimal(tokens):,}"


def _date(created: int) -> str:
    return datetime.fromtimestamp(created, UTC).date().isoformat()


def _flags() -> list[inspect.Parameter]:
    keyword = inspect.Parameter.KEYWORD_ONLY
    switch = Annotated[bool, Parameter(negative="", help="Print JSON.")]
    comma = Annotated[bool, Parameter(negative="", help="Print CSV, prices in USD per million tokens.")]
    return [
        *(
            inspect.Parameter(
                row.name, keyword, default=None, annotation=Annotated[str | None, Parameter(help=row.meaning)]
            )
            for row in _ROWS
        ),
        inspect.Parameter("json", keyword, default=False, annotation=switch),
        inspect.Parameter("csv", keyword, default=False, annotation=comma),
        inspect.Parameter("place", keyword, default=_HERE, annotation=Place),
    ]


models.__signature__ = inspect.Signature(_flags())  # type: ignore[attr-defined]
models.__annotations__ = {flag.name: flag.annotation for flag in _flags()}
models.__doc__ = """List models; every filter and sort of the API is a flag.

Example: `trunkline models --supported-parameters tools --context 128000 --sort pricing-low-to-high --limit 10`
"""
