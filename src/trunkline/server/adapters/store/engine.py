"""From a path or URL to an SQLAlchemy engine; the only file that knows what SQLite needs and PostgreSQL does not."""

from __future__ import annotations

import math
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from trunkline.server.adapters.store.pool import FairPool
from trunkline.server.errors import StoreUnavailable

WRITES: Final = "trunkline_writes"
"""Execution option of connections that will write: SQLite must take its write lock at BEGIN, see `_begin`."""

SERVER_CONNECTIONS: Final = 5
"""Connections to a server's database that one process may hold, its listener's apart. A call that finds none free
waits: the server's own limit, 100 by default, is shared by every worker of every replica."""

CHANNEL: Final = "trunkline"
_NOTIFY: Final = text(f"NOTIFY {CHANNEL}")
_LOCK_SCHEMA: Final = text("SELECT pg_advisory_xact_lock(8246780219)")

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+]*://")
_WAL_KEPT_BYTES = 16 * 1024 * 1024


def read_location(location: str | Path) -> URL:
    """Return the URL of a store given as a file's path or as an SQLAlchemy URL (`sqlite:////path`, `postgresql://`).

    Raises `StoreUnavailable` for what names no store; its message never repeats the text, which may hold a password.
    """
    if isinstance(location, Path) or not _URL.match(location):
        return _sqlite_url(str(location))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        raise StoreUnavailable("the store's URL cannot be read; expected sqlite:////path or postgresql://...") from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        if url.query:
            raise StoreUnavailable("the store's sqlite URL may not carry options")
        return _sqlite_url(url.database or "")
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise StoreUnavailable(f"a store on {backend} is not supported; use sqlite or postgresql")


def _sqlite_url(path: str) -> URL:
    if path in ("", ":memory:") or "\0" in path:
        raise StoreUnavailable("the store needs a file: one in memory would be another for every connection")
    return URL.create("sqlite", database=str(Path(path).expanduser().absolute()))


def place(url: URL) -> str:
    """Return how messages name the store: the file's path, or the URL with its password masked."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def create_file(url: URL) -> None:
    """Create an SQLite store's file, readable by its owner only; leave one that exists as it is. Raises `OSError`.

    SQLite gives its -wal and -shm files the mode of the database, so this covers them too.
    """
    if url.get_backend_name() == "sqlite":
        os.close(os.open(str(url.database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def create(url: URL, busy_seconds: float) -> Engine:
    """Return a pooled engine that waits up to `busy_seconds` for another writer; connects to nothing yet."""
    if url.get_backend_name() != "sqlite":
        return _create_server(url, busy_seconds)
    options = {"poolclass": FairPool, "pool_timeout": busy_seconds, "connect_args": {"timeout": busy_seconds}}
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _create_server(url: URL, busy_seconds: float) -> Engine:
    try:
        engine = create_engine(
            url,
            # So that the statements of one read see one state, as SQLite's do.
            isolation_level="REPEATABLE READ",
            hide_parameters=True,
            poolclass=FairPool,
            pool_pre_ping=True,
            pool_size=SERVER_CONNECTIONS,
            max_overflow=0,
            pool_timeout=busy_seconds,
            connect_args={"connect_timeout": max(2, math.ceil(busy_seconds))},
        )
    except ImportError:
        raise StoreUnavailable(
            "a store on postgresql needs the package psycopg: pip install 'psycopg[binary]'"
        ) from None

    def prepare(connection: Any, _record: object) -> None:
        connection.execute(f"SET lock_timeout = {math.ceil(busy_seconds * 1000)}")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def is_file(engine: Engine) -> bool:
    """Tell whether the store is an SQLite file, not a server's database."""
    return engine.url.get_backend_name() == "sqlite"


def inserting(engine: Engine, table: Table) -> Any:
    """Return an insert that can say what happens to rows that are there."""
    return sqlite.insert(table) if is_file(engine) else postgresql.insert(table)


def writing(engine: Engine) -> Connection:
    """Return a connection whose transactions see, at each statement, what others have committed by then.

    Made for writers that take a lock first: what they read after it is the newest state, and nobody else's turn
    comes before they end. Raises SQLAlchemy's errors.
    """
    options: dict[str, Any] = {WRITES: True} if is_file(engine) else {"isolation_level": "READ COMMITTED"}
    return engine.connect().execution_options(**options)


def notify(connection: Connection) -> None:
    """Tell every process that listens to a server's database, once this transaction is committed; see `watch.py`."""
    if not is_file(connection.engine):
        connection.execute(_NOTIFY)


def lock_schema(connection: Connection) -> None:
    """Wait until no other process is changing the tables; held until the transaction ends."""
    if not is_file(connection.engine):
        connection.execute(_LOCK_SCHEMA)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # Python's module must not begin transactions by itself: it would do so before writes only, and reads made
    # of two statements would see two states.
    connection.isolation_level = None
    # Of rows of 2 KB, pages of the usual 4 KB hold one each and waste half the file. Heeded by new files only.
    connection.execute("PRAGMA page_size=8192")
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    # NORMAL leaves out the fsync of each commit. In WAL mode that cannot damage the file nor lose a commit to a
    # killed process; a power cut may lose the last imports, which can be repeated. In another mode (file systems
    # without shared memory) it could damage the file, hence FULL there. https://sqlite.org/pragma.html#pragma_synchronous
    connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
    connection.execute("PRAGMA foreign_keys=ON")
    # A first import writes its whole size to the WAL; without a limit the file would stay that big.
    connection.execute(f"PRAGMA journal_size_limit={_WAL_KEPT_BYTES}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when somebody else wrote in between,
    # without heeding the busy timeout; one that takes the write lock first waits.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def back_up(url: URL, schema: str) -> Path | None:
    """Copy an SQLite store to `<file>.<schema>.backup` beside it and return the copy's path; None elsewhere.

    Raises `OSError` or SQLAlchemy's errors.
    """
    if url.get_backend_name() != "sqlite":
        return None
    return copy_file(Path(str(url.database)), Path(f"{url.database}.{schema}.backup"))


def copy_file(source: Path, copy: Path) -> Path:
    """Copy an SQLite store while it is in use, and return the copy's path.

    Reads committed state through a connection of its own, so the caller may hold the write lock. The copy is
    readable by its owner only and appears whole or not at all. Raises `OSError`.
    """
    partial = Path(f"{copy}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(partial)) as writer:
            reader.backup(writer)
            # The header says WAL, which would leave two more files beside a backup that is opened to look.
            writer.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        partial.unlink(missing_ok=True)
        raise OSError(0, f"no backup could be made ({error})") from error
    return partial.replace(copy)
