"""What the catalogue commands print: tables and short lines for people, JSON for programs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from trunkline.cli.tables import show
from trunkline.server.domain.catalog.changes import differences
from trunkline.server.domain.catalog.facts import Change, Kind, Layered, Problem, Revision
from trunkline.server.errors import FeedRefused
from trunkline.server.usecases.imports import Outcome

LISTED = 20
"""Warnings and dropped rows that are listed for people; JSON has them all."""
FIELDS = 4
"""Changed fields of a row that are listed for people."""

_ROWS = {Kind.MODEL: "models", Kind.ENDPOINT: "endpoints", Kind.PROVIDER: "providers", Kind.ALIAS: "aliases"}
_STEPS = ("added", "changed", "removed", "unchanged")


def outcome(result: Outcome, as_json: bool, *, written: bool) -> None:
    """Tell what an import changed, or would change."""
    counts = result.plan.counts
    if as_json:
        table = {kind.value: {step: counts.get((kind, step), 0) for step in _STEPS} for kind in Kind}
        revision = None if result.revision is None else result.revision.number
        dropped, warnings = list(result.plan.dropped), [_problem(problem) for problem in result.warnings]
        _json(
            {
                "revision": revision,
                "changed": result.changed,
                "counts": table,
                "dropped": dropped,
                "warnings": warnings,
            }
        )
        return
    _list(f"{len(result.plan.dropped)} endpoints have no model and are left out", result.plan.dropped)
    _list(f"{len(result.warnings)} warnings", [str(problem) for problem in result.warnings])
    if not result.changed:
        _say("nothing changed")
        return
    kinds = [kind for kind in Kind if any(counts.get((kind, step)) for step in _STEPS)]
    rows = [(_ROWS[kind], *(str(counts.get((kind, step), 0)) for step in _STEPS)) for kind in kinds]
    show(("", *_STEPS), rows, right=_STEPS)
    if result.revision is not None:
        _say(f"revision {result.revision.number}: {result.revision.title}")
    elif not written:
        _say("nothing was written")


def refusal(refused: FeedRefused, as_json: bool) -> None:
    """List what an import was refused for: JSON on stdout, lines for people on stderr."""
    problems = [problem for problem in refused.problems if isinstance(problem, Problem)]
    if as_json:
        _json({"refused": refused.message, "problems": [_problem(problem) for problem in problems]})
    for problem in problems:
        sys.stderr.write(f"  {problem}\n")
    hint = " with --accept" if "can be accepted" in refused.message else ""
    sys.stderr.write(f"trunkline: {refused.message}{hint}\n")


def changes(rows: Sequence[Change], as_json: bool) -> None:
    """List rows that differ with their fields."""
    if as_json:
        _json([_change(change) for change in rows])
        return
    show(("", "kind", "layer", "row", "fields"), [_line(change) for change in rows])
    steps = Counter(_step(change) for change in rows)
    _say(", ".join(f"{steps[step]} {step}" for step in _STEPS[:3]) if rows else "no difference")


def revisions(rows: Sequence[Revision], as_json: bool) -> None:
    """List revisions."""
    if as_json:
        _json([msgspec.to_builtins(row) for row in rows])
        return
    lines = [
        (
            str(row.number),
            datetime.fromtimestamp(row.created, UTC).strftime("%Y-%m-%d %H:%M UTC"),
            str(row.added),
            str(row.changed),
            str(row.removed),
            row.title,
        )
        for row in rows
    ]
    columns = ("revision", "when", *_STEPS[:3], "title")
    show(columns, lines, right=("revision", *_STEPS[:3]))


def rolled_back(made: Revision | None, to: int, as_json: bool) -> None:
    """Tell the revision that a rollback made."""
    if as_json:
        _json({"revision": None if made is None else made.number, "changed": made is not None})
    elif made is None:
        _say(f"nothing changed: the catalogue is what it was at revision {to}")
    else:
        _say(f"revision {made.number}: {made.added} added, {made.changed} changed, {made.removed} removed; as {to} was")


def state(facts: Sequence[Layered], problems: Sequence[Problem], as_json: bool) -> None:
    """Tell what a catalogue holds, layer by layer, and what is wrong with it."""
    counts = Counter((layered.layer, layered.fact.kind) for layered in facts)
    layers = sorted({layer for layer, _ in counts})
    if as_json:
        table = {layer: {kind.value: counts[layer, kind] for kind in Kind} for layer in layers}
        _json({"layers": table, "problems": [{**_problem(p), "fatal": p.fatal} for p in problems]})
        return
    columns = ("layer", *(kind.value for kind in Kind))
    show(
        columns,
        [(layer or "base", *(str(counts[layer, kind]) for kind in Kind)) for layer in layers],
        right=columns[1:],
    )
    fatal = [str(problem) for problem in problems if problem.fatal]
    _list(f"{len(problems) - len(fatal)} warnings", [str(problem) for problem in problems if not problem.fatal])
    _list(f"{len(fatal)} rows cannot be served", fatal)
    if not fatal:
        _say("all rows can be served")


def _change(change: Change) -> dict[str, Any]:
    side = change.after or change.before
    assert side is not None
    fields = {path: {"before": before, "after": after} for path, before, after in differences(change)}
    kind, key = side.fact.kind.value, side.fact.key
    return {"change": _step(change), "kind": kind, "layer": side.layer, "key": key, "fields": fields}


def _line(change: Change) -> tuple[str, ...]:
    side = change.after or change.before
    assert side is not None
    step = _step(change)
    fields = list(differences(change)) if step == "changed" else []
    told = [f"{path}: {_short(before)} -> {_short(after)}" for path, before, after in fields[:FIELDS]]
    if len(fields) > FIELDS:
        told.append(f"and {len(fields) - FIELDS} more")
    return step, side.fact.kind.value, side.layer or "base", side.fact.key, "; ".join(told)


def _step(change: Change) -> str:
    if change.before is None:
        return "added"
    return "removed" if change.after is None else "changed"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= 40 else text[:37] + "..."


def _problem(problem: Problem) -> dict[str, str]:
    return {"row": problem.row, "field": problem.field, "message": problem.message}


def _list(heading: str, lines: Iterable[str]) -> None:
    lines = list(lines)
    if not lines:
        return
    more = [f"... and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    _say("\n  ".join([f"{heading}:", *lines[:LISTED], *more]))


def _json(document: Any) -> None:
    _say(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
