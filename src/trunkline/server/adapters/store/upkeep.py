"""Backs up and checks a store, whichever database it is on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection, func, inspect, select

from trunkline.server.adapters.store import nouns
from trunkline.server.adapters.store.copying import pour, using
from trunkline.server.adapters.store.database import open_engine
from trunkline.server.adapters.store.engine import WRITES, copy_file, create, is_file, place, read_location
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.metadata import METADATA
from trunkline.server.adapters.store.schema import SCHEMA, version
from trunkline.server.errors import StoreUnavailable

_SHOWN: Final = 100
"""Damages that are listed; SQLite's own check stops at as many."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: the migration the store is at, rows by table, and one line for each thing that is wrong."""

    place: str
    schema: str
    rows: dict[str, int]
    problems: tuple[str, ...]


def back_up(location: str, now: datetime, to: Path | None = None) -> Path:
    """Copy a store, which may be in use, to an SQLite file and return its path.

    By default the copy of a file lies beside it, that of a server's database in the working folder. An existing file
    is never written over. Trunkline can serve a copy like any store. Raises `StoreUnavailable`.
    """
    url = read_location(location)
    with mapped(place(url)), using(create(url, 10)) as engine:
        stem = Path(str(url.database)) if is_file(engine) else Path.cwd() / "trunkline.db"
        copy = to or Path(f"{stem}.{now:%Y%m%dT%H%M%SZ}.backup")
        if copy.exists():
            raise StoreUnavailable(f"{copy} exists already")
        if is_file(engine):
            if not stem.exists():
                raise StoreUnavailable(f"{stem} does not exist")
            return copy_file(stem, copy)
        with engine.connect() as source:
            found = version(source, SCHEMA)
            if found != SCHEMA.newest:
                raise StoreUnavailable(
                    f"{place(url)} is at schema {found}, not {SCHEMA.newest}: run `trunkline db upgrade`"
                )
            return _copy_tables(source, copy)


def check(location: str) -> Report:
    """Read a whole store and return what is wrong with it; changes nothing. Raises `StoreUnavailable`."""
    url = read_location(location)
    with mapped(place(url)), using(create(url, 10)) as engine:
        if is_file(engine) and not Path(str(url.database)).exists():
            raise StoreUnavailable(f"{place(url)} does not exist")
        with engine.connect() as connection:
            found = version(connection, SCHEMA)
            behind = [] if found == SCHEMA.newest else [f"is at schema {found}, this version needs {SCHEMA.newest}"]
            there = set(inspect(connection).get_table_names())
            tables = [table for table in METADATA.sorted_tables if table.name in there]
            rows = {
                table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0) for table in tables
            }
            problems = [*behind, *(_damages(connection) if is_file(engine) else ())]
            if not behind:
                problems += _unreadable(connection)
        return Report(place(url), found or "none", rows, tuple(problems[:_SHOWN]))


def _copy_tables(source: Connection, copy: Path) -> Path:
    """Copy every row of one unchanging state into a new file, which appears whole or not at all."""
    partial = Path(f"{copy}.copying")
    partial.unlink(missing_ok=True)
    try:
        with (
            using(open_engine(partial)) as engine,
            engine.connect().execution_options(**{WRITES: True}) as target,
            target.begin(),
        ):
            pour(source, target)
        return copy_file(partial, copy)
    finally:
        for left in partial.parent.glob(f"{partial.name}*"):
            left.unlink()


def _damages(connection: Connection) -> Iterator[str]:
    for (line,) in connection.exec_driver_sql(f"PRAGMA integrity_check({_SHOWN})"):
        if line != "ok":
            yield str(line)
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} refers to a row of {parent} that is not there"


def _unreadable(connection: Connection) -> Iterator[str]:
    for noun in nouns.NOUNS:
        for row in connection.execute(select(*noun.columns)):
            try:
                noun.decode(row)
            except (ValueError, TypeError, msgspec.MsgspecError) as error:
                yield f"{noun.name} {row[noun.fields.index(noun.identity)]} cannot be read: {error}"
