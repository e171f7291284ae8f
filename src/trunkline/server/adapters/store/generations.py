"""Reads back what was called: single generations, usage by day, rankings of models and apps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from sqlalchemy import Engine, Select, func, literal, select

from trunkline.server.adapters.store import history
from trunkline.server.adapters.store.engine import place
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.ledger import SqlLedger
from trunkline.server.adapters.store.rows import AT_ONCE, storable
from trunkline.server.adapters.store.traffic_tables import APPS, GENERATIONS, USAGE
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.usecases.gateway_ports import Activity, AppUsage, Consumption, Cursor, Dimension, Used

_RECORD: Final = msgspec.json.Decoder(GenerationRecord)
_PICO: Final = -12
_u = USAGE.c
_ANY_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqlRecords:
    """Implements the port `Records`; `settle` is called before each look and writes what has yet to be written."""

    def __init__(self, engine: Engine, settle: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._place = place(engine.url)
        self._settle = settle

    def generation(self, account_id: str, generation_id: str) -> tuple[GenerationRecord, int | None] | None:
        """Return an account's generation with the number of its app."""
        c = GENERATIONS.c
        if not storable(generation_id):
            return None
        found = self._rows(select(c.document).where(c.id == generation_id, c.account_id == account_id))
        if not found:
            return None
        record = _RECORD.decode(found[0].document)
        apps = self._rows(select(APPS.c.id).where(APPS.c.origin == record.referer)) if record.referer else []
        return record, (apps[0].id if apps else None)

    def activity(
        self,
        account_id: str,
        first: int,
        last: int,
        *,
        key_hash: str | None = None,
        user_id: str | None = None,
        workspace_id: str | None = None,
        by_workspace: bool = False,
    ) -> list[Activity]:
        """Return an account's usage, newest day first."""
        keys = [_u.day, _u.model, _u.permaslug, _u.endpoint, _u.provider_name]
        workspace = _u.workspace_id if by_workspace else literal("")
        statement = select(*keys, workspace.label("workspace_id"), *history.sums()).where(
            _u.account_id == account_id, _u.day.between(first, last)
        )
        wanted = {"key_hash": key_hash, "user_id": user_id, "workspace_id": workspace_id}
        for name, value in wanted.items():
            if value is not None:
                if not storable(value):
                    return []
                statement = statement.where(_u[name] == value)
        groups = [*keys, _u.workspace_id] if by_workspace else keys
        statement = statement.group_by(*groups).order_by(_u.day.desc(), *groups[1:])
        return [_activity(row) for row in self._rows(statement)]

    def used(self, account_id: str, key_hashes: Collection[str], first: int, last: int) -> list[Used]:
        """Return which models some keys of an account used, by key and then by model."""
        keys = sorted(filter(storable, set(key_hashes)))
        requests, last_day = func.sum(_u.requests).label("requests"), func.max(_u.day).label("last_day")
        statement = (
            select(_u.key_hash, _u.permaslug, requests, last_day)
            .where(_u.account_id == account_id, _u.day.between(first, last))
            .group_by(_u.key_hash, _u.permaslug)
            .order_by(_u.key_hash, _u.permaslug)
        )
        parts = (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
        return [
            Used(key_hash=row.key_hash, permaslug=row.permaslug, requests=int(row.requests), last_day=row.last_day)
            for part in parts
            for row in self._rows(statement.where(_u.key_hash.in_(part)))
        ]

    def consumption(
        self,
        account_id: str,
        first: int,
        last: int,
        by: Dimension,
        *,
        key_hash: str | None = None,
        model: str | None = None,
    ) -> list[Consumption]:
        """Return an account's usage by day and by one dimension, oldest day first, the costliest first in each."""
        if not all(storable(text) for text in (key_hash, model) if text is not None):
            return []
        found = self._rows(history.consumption(account_id, first, last, by, key_hash=key_hash, model=model))
        rows = [Consumption(day=row.day, name=row.name, **_amounts(row)) for row in found]
        return sorted(rows, key=lambda row: (row.day, -row.usage - row.byok_usage, -row.requests, row.name))

    def generations(
        self,
        account_id: str,
        limit: int,
        *,
        after: Cursor | None = None,
        key_hash: str | None = None,
        model: str | None = None,
    ) -> tuple[list[tuple[GenerationRecord, int | None]], Cursor | None]:
        """Return an account's generations, newest first, each with the number of its app, and the next page's place."""
        if not all(storable(text) for text in (key_hash, model, after and after.id) if text is not None):
            return [], None
        # One more than asked for: it says whether there is another page.
        chosen = history.generations(account_id, limit + 1, after=after, key_hash=key_hash, model=model)
        rows = self._rows(chosen)
        records = [_RECORD.decode(row.document) for row in rows[:limit]]
        origins = {record.referer for record in records if record.referer}
        apps = self._rows(select(APPS.c.origin, APPS.c.id).where(APPS.c.origin.in_(origins))) if origins else []
        numbers = {row.origin: int(row.id) for row in apps}
        shown = [(record, numbers.get(record.referer or "")) for record in records]
        return shown, history.cursor(rows[limit - 1]) if len(rows) > limit else None

    def spent(self, account_id: str) -> Decimal:
        """Return USD that an account has spent in all."""
        self._settle()
        with mapped(self._place), self._engine.connect() as connection:
            return SqlLedger(connection).of(account_id, _ANY_DAY).usage

    def tokens(
        self, first: int, last: int, *, context: int | None = None, tools: bool = False
    ) -> list[tuple[int, str, int]]:
        """Return (day, permaslug, tokens) of public traffic, by day."""
        total = func.sum(_u.prompt_tokens + _u.completion_tokens).label("tokens")
        statement = select(_u.day, _u.permaslug, total).where(_u.shown == 1, _u.day.between(first, last))
        if context is not None:
            statement = statement.where(_u.context == context)
        if tools:
            statement = statement.where(_u.tools == 1)
        statement = statement.group_by(_u.day, _u.permaslug).order_by(_u.day)
        return [(row.day, row.permaslug, int(row.tokens)) for row in self._rows(statement)]

    def apps(self, first: int, last: int, categories: Collection[str] = ()) -> list[AppUsage]:
        """Return the apps of public traffic, those in any of the categories where some are named."""
        total = func.sum(_u.prompt_tokens + _u.completion_tokens).label("tokens")
        used = (
            select(_u.app_id, total, func.sum(_u.requests).label("requests"))
            .where(_u.shown == 1, _u.app_id > 0, _u.day.between(first, last))
            .group_by(_u.app_id)
            .subquery()
        )
        statement = select(*APPS.c, used.c.tokens, used.c.requests).join(used, used.c.app_id == APPS.c.id)
        return [
            AppUsage(id=row.id, origin=row.origin, title=row.title, tokens=int(row.tokens), requests=int(row.requests))
            for row in self._rows(statement)
            if not categories or not set(categories).isdisjoint(row.categories)
        ]

    def _rows(self, statement: Select[Any]) -> list[Any]:
        self._settle()
        with mapped(self._place), self._engine.connect() as connection:
            return list(connection.execute(statement))


def _activity(row: Any) -> Activity:
    return Activity(
        day=row.day,
        model=row.model,
        permaslug=row.permaslug,
        endpoint=row.endpoint,
        provider_name=row.provider_name,
        workspace_id=row.workspace_id,
        **_amounts(row),
    )


def _amounts(row: Any) -> dict[str, Any]:
    return {
        "usage": _usd(row, "usage_pico"),
        "byok_usage": _usd(row, "byok_pico"),
        **{name: int(getattr(row, name)) for name in history.COUNTS},
    }


def _usd(row: Any, name: str) -> Decimal:
    pico = int(getattr(row, f"{name}_micro")) * history.MICRO + int(getattr(row, name))
    return Decimal(pico).scaleb(_PICO)
