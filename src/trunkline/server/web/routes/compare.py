"""`/compare`: up to six models, figure by figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.errors import BadRequest, Issue, NotFound
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import models
from trunkline.server.usecases.policies import viewer
from trunkline.server.web import formats
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.rows import Line, rows_of
from trunkline.server.web.visit import Visit

MOST: Final = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One model of the comparison; `without` is the address of the comparison without it."""

    line: Line
    model: dict[str, Any]
    without: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: how its value is read and shown, and which is best: the largest (1), the smallest (-1) or none (0)."""

    title: str
    read: Callable[[Column], Any]
    say: Callable[[Any], str]
    best: int = 0


def _cached(column: Column) -> Any:
    return column.model["pricing"].get("input_cache_read")


def _longest(column: Column) -> Any:
    return column.model["top_provider"].get("max_completion_tokens")


FIGURES: Final = (
    Figure("Prompt, per million", lambda column: column.line.prompt, formats.per_million, -1),
    Figure("Completion, per million", lambda column: column.line.completion, formats.per_million, -1),
    Figure("Cache read, per million", _cached, formats.per_million),
    Figure("Context", lambda column: column.line.context_length, formats.tokens, 1),
    Figure(
        "Longest answer", lambda column: column.model["top_provider"].get("max_completion_tokens"), formats.tokens, 1
    ),
    Figure("Intelligence", lambda column: column.line.intelligence, formats.number, 1),
    Figure("Coding", lambda column: column.line.coding, formats.number, 1),
    Figure("Agentic work", lambda column: column.line.agentic, formats.number, 1),
    Figure("Tokens per second", lambda column: column.line.throughput, formats.number, 1),
    Figure("First token", lambda column: column.line.latency, formats.milliseconds, -1),
    Figure("Uptime, a day", lambda column: column.line.uptime, formats.percent, 1),
    Figure("Hosts", lambda column: column.line.endpoints, formats.number, 1),
    Figure("Released", lambda column: column.line.created, formats.day),
    Figure("Knows until", lambda column: column.model.get("knowledge_cutoff"), lambda value: value or formats.UNKNOWN),
)


def _compare(visit: Visit) -> Answer:
    context = visit.context
    catalogue = context.snapshot()
    who = viewer(None if visit.who is None else visit.who.caller)
    asked = list(dict.fromkeys(word for name, text in visit.pairs if name == "models" for word in _words(text)))
    if len(asked) > MOST:
        raise BadRequest(issues=[Issue("models", f"expected at most {MOST} models")])
    rows: dict[str, Row] = {}
    missing = []
    for slug in asked:
        try:
            row = models.get_model(catalogue, slug, who)
        except NotFound:
            missing.append(slug)
        else:
            rows[row.id] = row
    lines = rows_of(catalogue, rows.values(), context.clock(), measured=visit.who is not None)
    columns = [
        Column(line, row.decode(), f"/compare?{urlencode([('models', other) for other in rows if other != line.id])}")
        for line, row in zip(lines, rows.values(), strict=True)
    ]
    parameters = sorted({word for column in columns for word in column.model["supported_parameters"]})
    return visit.render(
        "compare.html",
        columns=columns,
        missing=missing,
        figures=[(figure.title, _cells(figure, columns)) for figure in FIGURES],
        parameters=parameters,
        most=MOST,
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _cells(figure: Figure, columns: list[Column]) -> list[tuple[str, bool]]:
    """Return what each model's cell says and whether it is the best of several that differ."""
    values = [figure.read(column) for column in columns]
    known = {value for value in values if value is not None}
    best = None
    if figure.best and len(known) > 1:
        best = max(known) if figure.best > 0 else min(known)
    return [(figure.say(value), value is not None and value == best) for value in values]


PAGES = (Page("/compare", _compare, entry=Entry.ANYBODY, menu="Compare"),)
