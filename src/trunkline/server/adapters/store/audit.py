"""Reads the audit trail; `change.py` writes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from trunkline.server.adapters.store.account_tables import AUDIT
from trunkline.server.domain.policy.audit import Action, Actor, AuditEntry, Via


class SqlAuditRows:
    """Implements the port `AuditRows`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self,
        account_id: str | None,
        *,
        noun: str | None = None,
        noun_id: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Return entries, newest first, with ids below `before`."""
        c = AUDIT.c
        statement = select(AUDIT).order_by(c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(c.id < min(before, 2**62))
        for column, value in ((c.account_id, account_id), (c.noun, noun), (c.noun_id, noun_id)):
            if value is not None:
                statement = statement.where(column == value)
        return [_entry(row) for row in self._connection.execute(statement)]


def _entry(row: Any) -> AuditEntry:
    actor = Actor(
        account_id=row.account_id,
        via=Via(row.via),
        name=row.name,
        key_hash=row.key_hash,
        user_id=row.user_id,
        address=row.address,
    )
    return AuditEntry(
        id=row.id,
        at=row.at,
        actor=actor,
        action=Action(row.action),
        noun=row.noun,
        noun_id=row.noun_id,
        before=row.before,
        after=row.after,
    )
