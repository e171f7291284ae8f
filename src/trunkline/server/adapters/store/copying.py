"""Copies whole stores from one database to another, row by row: backups of a server's, and what brings one back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select

from trunkline.server.adapters.store.account_tables import EPOCHS
from trunkline.server.adapters.store.database import open_engine, upgrade
from trunkline.server.adapters.store.engine import (
    copy_file,
    create,
    is_file,
    lock_schema,
    place,
    read_location,
    writing,
)
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.metadata import METADATA
from trunkline.server.adapters.store.schema import SCHEMA, version
from trunkline.server.errors import StoreUnavailable

_AT_ONCE: Final = 1000
_BUSY_SECONDS: Final = 10.0


def pour(source: Connection, target: Connection) -> dict[str, int]:
    """Copy every row of one unchanging state into tables that are empty, and return how many by table."""
    copied = {}
    for table in METADATA.sorted_tables:
        target.execute(delete(table))  # the epochs, which a new store has already
        count = 0
        with closing(source.execution_options(yield_per=_AT_ONCE).execute(select(table))) as rows:
            for part in rows.mappings().partitions():
                target.execute(insert(table), [dict(row) for row in part])
                count += len(part)
        _count_on(target, table)
        copied[table.name] = count
    return copied


def restore(source: str, location: str, folder: Path) -> dict[str, int]:
    """Copy a store or a backup of one, of this version or an earlier one, into an empty store; return rows by table.

    The store's tables are made where it has none. `folder` takes a copy of a file for as long as it is read: the
    file itself may be in use, and stays as it is. All or nothing. Raises `StoreUnavailable`, also for a store that
    holds anything.
    """
    upgrade(location)
    url = read_location(location)
    with (
        _readable(source, folder) as origin,
        mapped(place(url)),
        using(create(url, _BUSY_SECONDS)) as engine,
        origin.connect() as reading,
        writing(engine) as connection,
        connection.begin(),
    ):
        lock_schema(connection)
        for table in METADATA.sorted_tables:
            if table is not EPOCHS and connection.scalar(select(1).select_from(table).limit(1)):
                raise StoreUnavailable(
                    f"{place(url)} holds data already (in {table.name}): only an empty store can be filled"
                )
        return pour(reading, connection)


@contextmanager
def using(engine: Engine) -> Iterator[Engine]:
    """Close an engine's connections after a block."""
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _readable(source: str, folder: Path) -> Iterator[Engine]:
    """Give a store whose tables are as this code needs them: of a file a copy, upgraded where it is behind."""
    url = read_location(source)
    with mapped(place(url)), TemporaryDirectory(dir=folder, prefix=".restoring-") as held:
        if url.get_backend_name() == "sqlite":
            file = Path(str(url.database))
            if not file.exists():
                raise StoreUnavailable(f"{file} does not exist")
            copy = copy_file(file, Path(held) / "copy.db")
            with using(create(read_location(copy), _BUSY_SECONDS)) as engine, engine.connect() as connection:
                if version(connection, SCHEMA) is None:
                    raise StoreUnavailable(f"{file} is no store of Trunkline")
            with using(open_engine(copy)) as engine:
                yield engine
        else:
            with using(open_engine(source)) as engine:
                yield engine


def _count_on(target: Connection, table: Table) -> None:
    """Have a server's own numbering of rows go on behind the rows that came with numbers."""
    column = table.autoincrement_column
    if column is None or is_file(target.engine):
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    newest = select(func.max(column)).scalar_subquery()
    target.execute(select(func.setval(sequence, newest)).where(newest.is_not(None)))
