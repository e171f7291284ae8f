"""Everything that accounts own in SQL tables: the implementation of the port `Accounts`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine, bindparam, or_, select, update

from trunkline.server.adapters.store.account_tables import EPOCHS, KEYS
from trunkline.server.adapters.store.callers import read_caller
from trunkline.server.adapters.store.change import Change
from trunkline.server.adapters.store.engine import notify, place, writing
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.rows import storable
from trunkline.server.adapters.store.state import SqlState
from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.caller import Caller

POLICY: Final = "policy"
EPOCH: Final = select(EPOCHS.c.number).where(EPOCHS.c.name == POLICY)
MOVE_EPOCH: Final = update(EPOCHS).where(EPOCHS.c.name == POLICY).values(number=EPOCHS.c.number + 1)
TOUCH: Final = (
    update(KEYS)
    .where(
        KEYS.c.hash == bindparam("key_hash"),
        or_(KEYS.c.last_used_at.is_(None), KEYS.c.last_used_at < bindparam("used_at")),
    )
    .values(last_used_at=bindparam("used_at"))
)


class SqlAccounts:
    """Implements `Accounts`. Any thread may call it; each call takes a pooled connection for its duration.

    What is asked often ends with a commit: at a rollback, with which a connection is closed otherwise, psycopg throws
    its prepared statements away, and the server plans anew each time (1.8 ms instead of 0.3 ms for a caller).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._place = place(engine.url)

    @contextmanager
    def read(self) -> Iterator[SqlState]:
        """Look at one unchanging state."""
        with mapped(self._place), self._engine.connect() as connection:
            yield SqlState(connection)

    @contextmanager
    def change(self, actor: Actor, clock: Callable[[], float]) -> Iterator[Change]:
        """Change rows, all or nothing. Changes wait for one another, however many processes there are.

        The time of the change is read when its turn has come, so that times never run against the order of changes.
        """
        with mapped(self._place), writing(self._engine) as connection, connection.begin() as transaction:
            # First of all, because it is the lock too: SQLite took one at BEGIN, in PostgreSQL others wait for
            # this row, and see what was committed meanwhile when it is their turn.
            connection.execute(MOVE_EPOCH)
            change = Change(connection, actor, datetime.fromtimestamp(clock(), UTC))
            yield change
            if change.finish():
                notify(connection)
            else:
                transaction.rollback()

    def epoch(self) -> int:
        """Return a number that every change moves."""
        with mapped(self._place), self._engine.begin() as connection:
            return int(connection.scalar(EPOCH) or 0)

    def caller(self, key_hash: str) -> Caller | None:
        """Return the key of a SHA-256 with everything that governs it, valid or not."""
        if not storable(key_hash):
            return None
        with mapped(self._place), self._engine.begin() as connection:
            return read_caller(connection, key_hash)

    def touch(self, used: Mapping[str, datetime]) -> None:
        """Note when keys were last used."""
        if not used:
            return
        # In one order, so that two processes that do this at once wait for each other and do not lock up.
        rows = [{"key_hash": key_hash, "used_at": used[key_hash]} for key_hash in sorted(used)]
        with mapped(self._place), writing(self._engine) as connection, connection.begin():
            connection.execute(TOUCH, rows)

    def close(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()
