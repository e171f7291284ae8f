"""The two lists that a soak imports in turns, every row marked with its list; as a program, the importer."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.catalogues import REAL, SHARED, bundled, snapshot
from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.domain.catalog.builder import build
from trunkline.server.runtime import open_store
from trunkline.server.settings import Settings
from trunkline.server.usecases.imports import import_feeds

MARKS = ("list-one:", "list-two:")
OLDER = SHARED / "data" / "openrouter-models-2026-07-22.json"
EVERY = 1.0
"""Seconds between imports."""


def write(folder: Path) -> tuple[Path, Path]:
    """Write both lists as files: two real months where they are at hand, else the bundled one and two thirds of it."""
    if REAL.exists() and OLDER.exists():
        lists = [json.loads(file.read_text())["data"] for file in (OLDER, REAL)]
    else:
        rows = [row.decode() for row in snapshot(bundled().home).rows]
        lists = [rows[: len(rows) * 2 // 3], rows]
    files = (folder / "one.json", folder / "two.json")
    for file, mark, rows in zip(files, MARKS, lists, strict=True):
        file.write_text(json.dumps({"data": [_marked(row, mark) for row in rows]}))
    return files


def _marked(row: dict[str, Any], mark: str) -> dict[str, Any]:
    # Prices that change with the clock would give a list more than one right answer.
    pricing = {name: price for name, price in row["pricing"].items() if name != "overrides"}
    return row | {"description": mark + (row.get("description") or ""), "pricing": pricing}


def import_in_turns(home: Path, files: tuple[Path, Path]) -> None:
    """Import one list after the other, one a second, until the standard input ends; then print how many it were."""
    deliveries = [read_feed(file.read_bytes(), file.name, known=Known()) for file in files]
    store, number, due = open_store(Settings(home=home)), 0, time.monotonic()
    print(flush=True)
    try:
        while not _ended(max(0.0, due - time.monotonic())):
            due = max(due + EVERY, time.monotonic())
            number += 1
            made = import_feeds(
                store,
                [deliveries[number % 2]],
                title=f"soak {number}",
                clock=time.time,
                check=lambda facts: build(facts, 0, time.time())[1],
                accept=True,
            )
            if made.revision is None:
                raise SystemExit("an import changed nothing")
    finally:
        store.close()
    print(number, flush=True)


def _ended(seconds: float) -> bool:
    import select

    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable)


if __name__ == "__main__":
    import_in_turns(Path(sys.argv[1]), (Path(sys.argv[2]), Path(sys.argv[3])))
