"""Opens a store: one engine, with the catalogue and the accounts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from trunkline.server.adapters.store.engine import create, create_file, place, read_location
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.schema import SCHEMA, Schema, Upgrade, bring_up

if TYPE_CHECKING:
    from trunkline.server.adapters.store.accounts import SqlAccounts
    from trunkline.server.adapters.store.catalog import SqlCatalogStore
    from trunkline.server.adapters.store.watch import Versions, Watch

BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Database:
    """A store that is open: both ports share its pool of connections."""

    engine: Engine
    catalog: SqlCatalogStore
    accounts: SqlAccounts

    def listen(self, notice: Callable[[Versions], None], poll_seconds: float | None = None) -> Watch:
        """Start a thread that calls `notice` whenever anybody, in any process, has changed something."""
        from trunkline.server.adapters.store.watch import POLL_SECONDS, Watch

        watch = Watch(self.engine, notice, POLL_SECONDS if poll_seconds is None else poll_seconds)
        watch.start()
        return watch

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()


def open_database(location: str | Path, busy_seconds: float = BUSY_SECONDS, schema: Schema = SCHEMA) -> Database:
    """Open the store at a file's path or SQLAlchemy URL; a file is created (mode 0600) and its tables upgraded.

    `busy_seconds` is how long a call waits for another writer or a free connection. The folder must exist.
    Raises `StoreUnavailable` with one line that names the store and never its password, also for a server's
    database that is behind: that one is upgraded by `upgrade` only.
    """
    from trunkline.server.adapters.store.accounts import SqlAccounts
    from trunkline.server.adapters.store.catalog import SqlCatalogStore

    engine = open_engine(location, busy_seconds, schema)
    return Database(engine, SqlCatalogStore(engine), SqlAccounts(engine))


def open_engine(location: str | Path, busy_seconds: float = BUSY_SECONDS, schema: Schema = SCHEMA) -> Engine:
    """Return the engine of a store whose tables are as this code needs them. Raises `StoreUnavailable`."""
    return _prepared(location, busy_seconds, lambda engine: bring_up(engine, schema))[0]


def upgrade(location: str | Path, busy_seconds: float = BUSY_SECONDS, schema: Schema = SCHEMA) -> Upgrade:
    """Create or upgrade the tables of a store, on a server too, and return what was done. Raises `StoreUnavailable`."""
    engine, done = _prepared(location, busy_seconds, lambda engine: bring_up(engine, schema, server=True))
    engine.dispose()
    return done


def _prepared(
    location: str | Path, busy_seconds: float, prepare: Callable[[Engine], Upgrade]
) -> tuple[Engine, Upgrade]:
    url = read_location(location)
    with mapped(place(url)):
        create_file(url)
        engine = create(url, busy_seconds)
        try:
            return engine, prepare(engine)
        except BaseException:
            engine.dispose()
            raise
