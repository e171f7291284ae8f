"""What processes tell each other of money that is spoken for: a row for each process and limit that it is near."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, select, tuple_

from trunkline.server.adapters.store.history import MICRO
from trunkline.server.adapters.store.traffic_tables import HOLDS
from trunkline.server.domain.policy.charge import Scope
from trunkline.server.domain.policy.holds import NOTHING, Amount

EXPIRES: Final = timedelta(minutes=2)
"""How long what a process holds outlives it, where nobody replays its journal before."""
_MOST: Final = 2**63 - 1
_c = HOLDS.c


def others(connection: Connection, scopes: Collection[Scope], run: str, now: float) -> dict[Scope, Amount]:
    """Return what all processes but `run` hold in these scopes, without what has expired by a Unix time."""
    found: dict[Scope, Amount] = {}
    for kind, of_kind in groupby(sorted(scopes), key=lambda scope: scope.kind):
        wanted = [(scope.account_id, scope.id) for scope in of_kind]
        statement = (
            select(_c.account_id, _c.id, *_sums(_c.usage_pico), *_sums(_c.byok_pico))
            .where(_c.kind == kind, tuple_(_c.account_id, _c.id).in_(wanted), _c.run != run, _c.expires > _moment(now))
            .group_by(_c.account_id, _c.id)
        )
        for account_id, id_, *parts in connection.execute(statement):
            high, usage, high_byok, byok = map(int, parts)
            found[Scope(kind, account_id, id_)] = Amount(high * MICRO + usage, high_byok * MICRO + byok)
    return found


def put(connection: Connection, run: str, holds: Mapping[Scope, Amount], now: float, put_rows: Any) -> None:
    """Say what a process holds in these scopes, by `put_rows`, an insert that replaces; nothing leaves no row."""
    expires = _moment(now) + EXPIRES
    rows = [
        scope._asdict()
        | {"run": run, "usage_pico": min(usage, _MOST), "byok_pico": min(byok, _MOST), "expires": expires}
        for scope, (usage, byok) in holds.items()
        if (usage, byok) != NOTHING
    ]
    if rows:
        connection.execute(put_rows, rows)
    for scope, amount in holds.items():
        if amount == NOTHING:
            mine = (_c.kind == scope.kind, _c.account_id == scope.account_id, _c.id == scope.id, _c.run == run)
            connection.execute(delete(HOLDS).where(*mine))


def drop(connection: Connection, run: str) -> None:
    """Drop what a process holds, which is dead."""
    connection.execute(delete(HOLDS).where(_c.run == run))


def forget(connection: Connection, now: float) -> None:
    """Drop what has expired."""
    connection.execute(delete(HOLDS).where(_c.expires <= _moment(now)))


def _sums(column: ColumnElement[int]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return a sum in two parts: SQLite fails where one leaves 64 bits, and two of what `put` writes may."""
    return func.sum(column // MICRO), func.sum(column % MICRO)


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC)
