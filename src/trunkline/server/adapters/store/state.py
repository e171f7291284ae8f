"""One unchanging state of everything that accounts own, on one connection."""

from __future__ import annotations

from sqlalchemy import Connection, select

from trunkline.server.adapters.store import nouns
from trunkline.server.adapters.store.audit import SqlAuditRows
from trunkline.server.adapters.store.ledger import SqlLedger
from trunkline.server.adapters.store.rows import SqlKeyRows, SqlRows, storable
from trunkline.server.domain.policy.account import Account


class SqlAccountRows:
    """Implements the port `AccountRows`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, account_id: str) -> Account | None:
        """Return an account."""
        c = nouns.ACCOUNTS.table.c
        if not storable(account_id):
            return None
        row = self._connection.execute(select(*nouns.ACCOUNTS.columns).where(c.id == account_id)).first()
        return None if row is None else nouns.ACCOUNTS.decode(row)

    def all(self) -> list[Account]:
        """Return every account, the first that was made first."""
        c = nouns.ACCOUNTS.table.c
        rows = self._connection.execute(select(*nouns.ACCOUNTS.columns).order_by(c.created_at, c.id))
        return [nouns.ACCOUNTS.decode(row) for row in rows]


class SqlState:
    """Implements the port `Reader`."""

    def __init__(self, connection: Connection) -> None:
        self.accounts = SqlAccountRows(connection)
        self.members = SqlRows(nouns.MEMBERS, connection)
        self.keys = SqlKeyRows(connection)
        self.workspaces = SqlRows(nouns.WORKSPACES, connection)
        self.workspace_members = SqlRows(nouns.WORKSPACE_MEMBERS, connection)
        self.budgets = SqlRows(nouns.BUDGETS, connection)
        self.guardrails = SqlRows(nouns.GUARDRAILS, connection)
        self.key_assignments = SqlRows(nouns.KEY_ASSIGNMENTS, connection)
        self.member_assignments = SqlRows(nouns.MEMBER_ASSIGNMENTS, connection)
        self.byok = SqlRows(nouns.BYOK, connection)
        self.audit = SqlAuditRows(connection)
        self.ledger = SqlLedger(connection)
