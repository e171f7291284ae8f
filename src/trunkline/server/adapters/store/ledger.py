"""Sums what was spent: by key, or by account, workspace and user, in all and per running window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, case, func, select

from trunkline.server.adapters.store.account_tables import LEDGER
from trunkline.server.domain.policy.spend import PICO, WINDOWS, Spent, window_start

_c = LEDGER.c
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
_MICRO: Final = 1_000_000
_AMOUNTS: Final = (("usage", _c.usage_pico), ("byok_usage", _c.byok_pico))


class SqlLedger:
    """Implements the port `Ledger`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_key(self, account_id: str, key_hashes: Iterable[str], now: datetime) -> dict[str, Spent]:
        """Return what each of these keys has spent."""
        hashes = list(key_hashes)
        spent = dict.fromkeys(hashes, Spent())
        statement = _sums(now).add_columns(_c.key_hash).group_by(_c.key_hash)
        statement = statement.where(_c.account_id == account_id, _c.key_hash.in_(hashes))
        if hashes:
            spent |= {row.key_hash: _spent(row) for row in self._connection.execute(statement)}
        return spent

    def of(
        self,
        account_id: str,
        now: datetime,
        *,
        workspace_id: str | None = None,
        user_id: str | None = None,
    ) -> Spent:
        """Return what an account has spent, only in a workspace or only by a user where these are given."""
        statement = _sums(now).where(_c.account_id == account_id)
        if workspace_id is not None:
            statement = statement.where(_c.workspace_id == workspace_id)
        if user_id is not None:
            statement = statement.where(_c.user_id == user_id)
        return _spent(self._connection.execute(statement).one())


def day_number(day: date) -> int:
    """Return the number by which the ledger keeps a day: days since 1970."""
    return day.toordinal() - _FIRST_DAY


def _sums(now: datetime) -> Select[Any]:
    today = now.astimezone(UTC).date()
    columns: list[ColumnElement[Any]] = []
    for name, amount in _AMOUNTS:
        columns += _total(name, amount, None)
        for window in WINDOWS:
            columns += _total(f"{name}_{window}", amount, day_number(window_start(window, today)))
    free_today = case((_c.day >= day_number(today), _c.free_requests), else_=0)
    return select(*columns, func.coalesce(func.sum(free_today), 0).label("free_requests_daily"))


def _total(name: str, amount: Column[int], since: int | None) -> list[ColumnElement[Any]]:
    # In two parts: SQLite stops with an error where a sum leaves 64 bits, at 9.2 million dollars.
    counted = amount if since is None else case((_c.day >= since, amount), else_=0)
    return [
        func.coalesce(func.sum(counted // _MICRO), 0).label(f"{name}_micro"),
        func.coalesce(func.sum(counted % _MICRO), 0).label(f"{name}_rest"),
    ]


def _spent(row: Any) -> Spent:
    names = [f"{name}{suffix}" for name, _ in _AMOUNTS for suffix in ("", *(f"_{window}" for window in WINDOWS))]
    amounts = {name: _usd(_pico(row, name)) for name in names}
    return Spent(**amounts, free_requests_daily=int(row.free_requests_daily))


def _pico(row: Any, name: str) -> int:
    return int(getattr(row, f"{name}_micro")) * _MICRO + int(getattr(row, f"{name}_rest"))


def _usd(pico: int) -> Decimal:
    return Decimal(f"{(pico * PICO).normalize():f}")
