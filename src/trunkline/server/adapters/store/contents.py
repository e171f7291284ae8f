"""Keeps what calls said, as it is given: encrypted already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Engine, delete, select

from trunkline.server.adapters.store.content_tables import CONTENTS
from trunkline.server.adapters.store.engine import inserting, place, writing
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.rows import storable

_AT_ONCE: Final = 5_000


class Row(NamedTuple):
    """What one call said: `created` in Unix seconds, `document` encrypted."""

    id: str
    account_id: str
    key_hash: str
    created: float
    document: str


class SqlContents:
    """Any thread may call it. Everything raises `StoreUnavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._place = place(engine.url)
        self._add = inserting(engine, CONTENTS).on_conflict_do_nothing()

    def write(self, rows: Sequence[Row]) -> None:
        """Keep rows, all or nothing; those that are there stay as they are."""
        values = [row._asdict() | {"created": datetime.fromtimestamp(row.created, UTC)} for row in rows]
        with mapped(self._place), writing(self._engine) as connection, connection.begin():
            connection.execute(self._add, values)

    def read(self, account_id: str, generation_id: str) -> tuple[str, str] | None:
        """Return the hash of the key that a call of an account was made with and what it said, None where not kept."""
        c = CONTENTS.c
        if not storable(generation_id):
            return None
        with mapped(self._place), self._engine.connect() as connection:
            statement = select(c.key_hash, c.document).where(c.id == generation_id, c.account_id == account_id)
            row = connection.execute(statement).one_or_none()
            return None if row is None else (row.key_hash, row.document)

    def prune(self, now: float, days: int) -> bool:
        """Drop some of what is older than so many days; return whether there may be more."""
        before = datetime.fromtimestamp(now, UTC) - timedelta(days=days)
        old = select(CONTENTS.c.id).where(CONTENTS.c.created < before).limit(_AT_ONCE)
        with mapped(self._place), writing(self._engine) as connection, connection.begin():
            return (
                connection.execute(delete(CONTENTS).where(CONTENTS.c.id.in_(old.scalar_subquery()))).rowcount
                == _AT_ONCE
            )
