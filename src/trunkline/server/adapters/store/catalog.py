"""The catalogue's facts and revisions in SQL tables: the implementation of the port `CatalogStore`.

Knows nothing of what facts mean; a rollback is a commit of changes that a use case worked out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from trunkline.server.adapters.store import statements
from trunkline.server.adapters.store.batches import ended_rows, new_rows, refuse_unstorable
from trunkline.server.adapters.store.database import open_engine
from trunkline.server.adapters.store.engine import WRITES, notify, place
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.schema import SCHEMA, Schema
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered, Revision
from trunkline.server.errors import RevisionConflict, RevisionNotFound

_KINDS: Final = {kind.value: kind for kind in Kind}
_NUMBERS: Final = 2**31 - 1
_ROWS_AT_ONCE: Final = 500
"""Rows fetched from the database at a time: 1 MB of rows of 2 KB."""


def open_catalog_store(location: str | Path, busy_seconds: float = 10.0, schema: Schema = SCHEMA) -> SqlCatalogStore:
    """Open the store at a file's path or SQLAlchemy URL; a file is created (mode 0600) and its tables upgraded.

    `busy_seconds` is how long a call waits for another writer before it gives up. The folder must exist.
    Raises `StoreUnavailable` with one line that names the store and never its password.
    """
    return SqlCatalogStore(open_engine(location, busy_seconds, schema))


class SqlCatalogStore:
    """Implements `CatalogStore`. Any thread may call it; each call takes a pooled connection for its duration.

    The iterators that `facts` and `diff` return hold theirs, and with it one unchanging state, until they are
    used up or closed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._place = place(engine.url)

    def head(self) -> int:
        """Return the newest revision's number, 0 when there is none; one look into an index."""
        with mapped(self._place), self._engine.connect() as connection:
            return _head(connection)

    def facts(self, revision: int | None = None) -> Iterator[Layered]:
        """Yield a revision's facts (the newest by default) by layer, the base first, then kind, then stored place.

        Revision 0 is the empty catalogue. Raises `RevisionNotFound` at once, not at the first row.
        """
        if revision is not None:
            self._require(revision)
        return self._read(revision)

    def commit(self, parent: int, title: str, created: int, changes: Sequence[Change]) -> Revision:
        """Write one revision on top of `parent`, all or nothing, and return it; `created` is Unix seconds.

        A changed fact keeps its place, one that comes back takes its old place, and new ones follow the others
        of their layer and kind in the order of `changes`.

        Raises `RevisionConflict` when `parent` is not the newest, `FeedRefused` for a name that databases
        cannot hold (U+0000 or half a surrogate pair), and `ValueError` for changes that do not fit `parent`:
        an end of what is not there, or a second row for a key.
        """
        refuse_unstorable(title, changes)
        tally = Counter((change.before is None, change.after is None) for change in changes)
        if tally[True, True]:
            raise ValueError("a change must have a row before or after it")
        added, changed, removed = tally[True, False], tally[False, False], tally[False, True]
        revision = Revision(parent + 1, created, title, added, changed, removed)
        with (
            mapped(self._place),
            self._engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            _add_revision(connection, parent, revision)
            try:
                _write(connection, revision.number, changes)
            except IntegrityError as error:
                raise ValueError(f"the changes state a row of revision {revision.number} twice") from error
            notify(connection)
        return revision

    def history(self, limit: int = 50, before: int | None = None) -> list[Revision]:
        """Return up to `limit` revisions, newest first, older than `before` when it is given."""
        with mapped(self._place), self._engine.connect() as connection:
            older_than = None if before is None or before >= _NUMBERS else max(before, 0)
            return [Revision(*row) for row in connection.execute(statements.history(limit, older_than))]

    def diff(self, older: int, newer: int) -> Iterator[Change]:
        """Yield what leads from one revision to another, in either direction, by layer, kind and key.

        Rows whose wire and notes are the same in both are left out, even if they changed in between or their
        source did. Revision 0 is the empty catalogue. Raises `RevisionNotFound` at once.
        """
        self._require(older)
        self._require(newer)
        return self._compare(older, newer)

    def close(self) -> None:
        """Close the pooled connections; the store may be used again and opens new ones."""
        self._engine.dispose()

    def _require(self, revision: int) -> None:
        if revision == 0:
            return
        with mapped(self._place), self._engine.connect() as connection:
            asked = {"number": revision}
            # Numbers beyond the column's range are an error for some drivers, and never were either.
            if not 0 < revision < _NUMBERS or connection.scalar(statements.HAS_REVISION, asked) is None:
                raise RevisionNotFound(f"there is no revision {revision}")

    def _read(self, revision: int | None) -> Iterator[Layered]:
        with mapped(self._place), self._engine.connect() as connection:
            newest = revision is None or revision == _head(connection)
            statement = statements.CURRENT if newest else statements.state_at(revision or 0)
            # Closed by `with`, because a server's cursor that an iterator given up leaves open is a leak there.
            with connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement) as rows:
                for row in rows:
                    yield _layered(row)

    def _compare(self, older: int, newer: int) -> Iterator[Change]:
        with mapped(self._place), self._engine.connect() as connection:
            statement = statements.between(*sorted((older, newer)))
            with connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement) as rows:
                for _, versions in groupby(rows, key=itemgetter(0, 1, 2)):
                    sides = {bool(row.at_low) == (older <= newer): _layered(row) for row in versions}
                    before, after = sides.get(True), sides.get(False)
                    if before is None or after is None or _content(before) != _content(after):
                        yield Change(before, after)


def _head(connection: Connection) -> int:
    return int(connection.scalar(statements.HEAD) or 0)


def _add_revision(connection: Connection, parent: int, revision: Revision) -> None:
    head = _head(connection)
    if head != parent:
        raise RevisionConflict(f"the catalogue is at revision {head}, not {parent}")
    row = {name: getattr(revision, name) for name in ("number", "created", "title", "added", "changed", "removed")}
    try:
        connection.execute(statements.ADD_REVISION, row)
    except IntegrityError as error:
        # Where two writers may begin at once (PostgreSQL), the primary key decides which of them goes on.
        raise RevisionConflict(f"revision {revision.number} was written by somebody else") from error


def _write(connection: Connection, number: int, changes: Sequence[Change]) -> None:
    """Write all ends before the first new version, because a fact may have one current version only."""
    for batch in ended_rows(number, changes):
        if _run(connection, statements.END, batch) != len(batch):
            raise ValueError(f"the changes end rows that revision {number - 1} does not have")
    for batch in new_rows(number, changes):
        _run(connection, statements.ADD, batch)


def _run(connection: Connection, statement: Any, batch: Iterable[dict[str, Any]]) -> int:
    return connection.execute(statement, list(batch)).rowcount


def _layered(row: Any) -> Layered:
    layer, kind, key, wire, notes, source = row[:6]
    return Layered(layer, Fact(_KINDS[kind], key, wire, notes, source))


def _content(row: Layered) -> tuple[bytes, bytes]:
    return row.fact.wire, row.fact.notes
