"""A change in progress: one transaction with the tables that it may write and the trail of what it did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, insert

from trunkline.server.adapters.store import nouns
from trunkline.server.adapters.store.account_tables import AUDIT
from trunkline.server.adapters.store.audit import SqlAuditRows
from trunkline.server.adapters.store.ledger import SqlLedger
from trunkline.server.adapters.store.nouns import Noun
from trunkline.server.adapters.store.rows import SqlKeyTable, SqlTable
from trunkline.server.adapters.store.state import SqlAccountRows
from trunkline.server.domain.policy.account import Account
from trunkline.server.domain.policy.audit import Action, Actor


class Change:
    """Implements the port `Writer`. It may write rows of its actor's account only."""

    def __init__(self, connection: Connection, actor: Actor, now: datetime) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self._entries: list[dict[str, Any]] = []
        self.accounts = SqlAccountTable(self)
        self.members = SqlTable(nouns.MEMBERS, self)
        self.keys = SqlKeyTable(self)
        self.workspaces = SqlTable(nouns.WORKSPACES, self)
        self.workspace_members = SqlTable(nouns.WORKSPACE_MEMBERS, self)
        self.budgets = SqlTable(nouns.BUDGETS, self)
        self.guardrails = SqlTable(nouns.GUARDRAILS, self)
        self.key_assignments = SqlTable(nouns.KEY_ASSIGNMENTS, self)
        self.member_assignments = SqlTable(nouns.MEMBER_ASSIGNMENTS, self)
        self.byok = SqlTable(nouns.BYOK, self)
        self.audit = SqlAuditRows(connection)
        self.ledger = SqlLedger(connection)
        self._tables: dict[str, SqlTable[Any]] = {
            table.name: table for table in vars(self).values() if isinstance(table, SqlTable)
        }

    def table(self, name: str) -> SqlTable[Any]:
        """Return a noun's rows by its name."""
        return self._tables[name]

    def require(self, account_id: str) -> None:
        """Raise `ValueError` for an account that is not the actor's: a mistake of ours, never of a request."""
        if account_id != self.actor.account_id:
            raise ValueError("a change may touch its actor's account only")

    def note(self, action: Action, noun: Noun[Any], before: Struct | None, after: Struct | None) -> None:
        """Remember what was done to a row."""
        self._entries.append(
            {
                "account_id": self.actor.account_id,
                "at": self.now,
                "via": self.actor.via,
                "name": self.actor.name,
                "key_hash": self.actor.key_hash,
                "user_id": self.actor.user_id,
                "address": self.actor.address,
                "action": action,
                "noun": noun.name,
                "noun_id": noun.id_of(before if after is None else after),
                "before": None if before is None else noun.shown(before),
                "after": None if after is None else noun.shown(after),
            }
        )

    def finish(self) -> bool:
        """Write the audit trail; return whether anything was changed at all."""
        if self._entries:
            self.connection.execute(insert(AUDIT), self._entries)
        return bool(self._entries)


class SqlAccountTable(SqlAccountRows):
    """Implements the port `AccountTable`."""

    def __init__(self, change: Change) -> None:
        super().__init__(change.connection)
        self._table = SqlTable(nouns.ACCOUNTS, change)

    def add(self, account: Account) -> None:
        """Add an account. Raises `Conflict`."""
        self._table.add(account.id, account)

    def replace(self, account: Account) -> None:
        """Write an account over what it was. Raises `NotFound`."""
        self._table.replace(account.id, account)
