"""Brings a store's tables to the state that this code works with, or says why it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from trunkline.server.adapters.store.engine import back_up, is_file, lock_schema, place, writing
from trunkline.server.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Schema:
    """The migrations that this code knows, oldest first, and the folder that Alembic finds them in."""

    versions: tuple[str, ...]
    scripts: str

    @property
    def newest(self) -> str:
        return self.versions[-1]


SCHEMA: Final = Schema(
    versions=("0001", "0002", "0003", "0004", "0005", "0006", "0007"),
    scripts="trunkline.server.adapters.store:migrations",
)
"""Add a migration's number here; a test fails when this and the folder differ. Named here because reading the
folder takes Alembic, whose import takes 0.25 s, and most starts find nothing to do."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What `bring_up` did: from which migration (None: from nothing) to which, and where the copy made before it is."""

    before: str | None
    after: str
    backup: Path | None = None


def bring_up(engine: Engine, schema: Schema = SCHEMA, *, server: bool = False) -> Upgrade:
    """Create or upgrade the tables in one transaction; an SQLite store that holds data is copied first.

    A server's database, which other replicas may be using, is upgraded only where `server` says so.
    Raises `StoreUnavailable` for one that is behind otherwise, and for a database of a newer Trunkline or of another
    program.
    """
    with engine.connect() as connection:
        found = version(connection, schema)
    if found == schema.newest:
        return Upgrade(found, found)
    if not server and not is_file(engine):
        state = (
            "has no tables yet" if found is None else f"is behind (schema {found}, this version needs {schema.newest})"
        )
        raise StoreUnavailable(f"{place(engine.url)} {state}: run `trunkline db upgrade`")
    with writing(engine) as connection, connection.begin():
        lock_schema(connection)
        # Again, under the lock: of several workers that start at once, one upgrades.
        found = version(connection, schema)
        if found == schema.newest:
            return Upgrade(found, found)
        backup = None if found is None else back_up(engine.url, found)
        _upgrade(connection, schema)
        return Upgrade(found, schema.newest, backup)


def version(connection: Connection, schema: Schema) -> str | None:
    """Return the migration that the database is at, None when it is empty."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found is not None:
            if found not in schema.versions:
                raise StoreUnavailable(
                    f"{place(connection.engine.url)} was written by a newer Trunkline (schema {found}, "
                    f"this one knows up to {schema.newest}); upgrade Trunkline or restore a backup"
                )
            return str(found)
    if set(tables) - {"alembic_version"}:
        raise StoreUnavailable(f"{place(connection.engine.url)} holds another program's tables")
    return None


def _upgrade(connection: Connection, schema: Schema) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", schema.scripts.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, schema.newest)
