"""The tables of what accounts own. Every row names its account, and so does every reference to another row.

A layer's restrictions are one JSON document: policies are read whole, written whole and merged by the domain, and
a new field needs no migration. What the database looks for, orders by or refers to is a column of its own.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from trunkline.server.adapters.store.tables import METADATA, NAME
from trunkline.server.adapters.store.types import Dollars, Json, Moment, Word
from trunkline.server.domain.policy.account import AccountKind, Role

COUNTER: Final = BigInteger().with_variant(Integer, "sqlite")
"""A row number: only a plain INTEGER counts up by itself in SQLite."""


def _account(*, primary_key: bool = False) -> Column[Any]:
    owner = ForeignKey("accounts.id", ondelete="CASCADE")
    return Column("account_id", NAME, owner, nullable=False, primary_key=primary_key)


def _of(table: str, column: str, to: str = "id", ondelete: str | None = "CASCADE") -> ForeignKeyConstraint:
    # The account is part of every reference, so that no mistake above can tie two tenants' rows together.
    return ForeignKeyConstraint(["account_id", column], [f"{table}.account_id", f"{table}.{to}"], ondelete=ondelete)


EPOCHS: Final = Table(
    "epochs",
    METADATA,
    Column("name", NAME, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""One row, `policy`: moved by every change of the tables below, and with it the lock that orders changes."""

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Word(AccountKind), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("document", Text, nullable=False),
)

MEMBERS: Final = Table(
    "members",
    METADATA,
    _account(primary_key=True),
    Column("id", NAME, primary_key=True),
    Column("email", NAME, nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("first_name", Text),
    Column("last_name", Text),
    UniqueConstraint("account_id", "email", name="members_email"),
)

WORKSPACES: Final = Table(
    "workspaces",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("name", Text, nullable=False),
    Column("slug", NAME, nullable=False),
    Column("default_guardrail_id", NAME, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Column("document", Text, nullable=False),
    UniqueConstraint("account_id", "id", name="workspaces_id"),
    UniqueConstraint("account_id", "slug", name="workspaces_slug"),
)

WORKSPACE_MEMBERS: Final = Table(
    "workspace_members",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("workspace_id", NAME, nullable=False),
    Column("user_id", NAME, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("workspace_id", "user_id", name="workspace_members_pair"),
    _of("workspaces", "workspace_id"),
    _of("members", "user_id"),
)

BUDGETS: Final = Table(
    "budgets",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("workspace_id", NAME, nullable=False),
    Column("interval", NAME, nullable=False),
    Column("limit_usd", Dollars, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("workspace_id", "interval", name="budgets_interval"),
    _of("workspaces", "workspace_id"),
)

KEYS: Final = Table(
    "keys",
    METADATA,
    Column("hash", NAME, primary_key=True),
    _account(),
    Column("name", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("is_management", Boolean, nullable=False),
    Column("workspace_id", NAME),
    Column("disabled", Boolean, nullable=False),
    Column("limit", Dollars),
    Column("limit_reset", Text),
    Column("include_byok_in_limit", Boolean, nullable=False),
    # No reference: a key outlives its creator's membership, and still says whose it was.
    Column("creator_user_id", NAME),
    Column("expires_at", Moment),
    Column("updated_at", Moment),
    Column("last_used_at", Moment),
    Column("external_user", Json),
    UniqueConstraint("account_id", "hash", name="keys_hash"),
    _of("workspaces", "workspace_id", ondelete=None),
)

GUARDRAILS: Final = Table(
    "guardrails",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("workspace_id", NAME),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment),
    Column("document", Text, nullable=False),
    UniqueConstraint("account_id", "id", name="guardrails_id"),
    _of("workspaces", "workspace_id"),
)

KEY_ASSIGNMENTS: Final = Table(
    "key_assignments",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("key_hash", NAME, nullable=False, unique=True),
    Column("guardrail_id", NAME, nullable=False),
    Column("assigned_by", Text),
    Column("created_at", Moment, nullable=False),
    _of("keys", "key_hash", "hash"),
    _of("guardrails", "guardrail_id"),
)

MEMBER_ASSIGNMENTS: Final = Table(
    "member_assignments",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("user_id", NAME, nullable=False),
    Column("guardrail_id", NAME, nullable=False),
    Column("assigned_by", Text),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("account_id", "user_id", name="member_assignments_user"),
    _of("members", "user_id"),
    _of("guardrails", "guardrail_id"),
)

BYOK: Final = Table(
    "byok",
    METADATA,
    Column("id", NAME, primary_key=True),
    _account(),
    Column("workspace_id", NAME),
    Column("provider", NAME, nullable=False),
    Column("sort_order", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("document", Text, nullable=False),
    _of("workspaces", "workspace_id"),
)
"""Accounts' own credentials at providers; `sealed` is encrypted under a key that the database never sees."""

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("id", COUNTER, primary_key=True),
    # No reference: the trail outlives what it tells of.
    Column("account_id", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Column("via", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("key_hash", Text),
    Column("user_id", Text),
    Column("address", Text),
    Column("action", Text, nullable=False),
    Column("noun", NAME, nullable=False),
    Column("noun_id", NAME, nullable=False),
    Column("before", Json),
    Column("after", Json),
)

LEDGER: Final = Table(
    "ledger",
    METADATA,
    # No references: money that was spent stays spent when its key is deleted.
    Column("account_id", NAME, primary_key=True),
    Column("key_hash", NAME, primary_key=True),
    Column("day", Integer, primary_key=True),
    # Empty text, not NULL, for none: they are part of the key.
    Column("workspace_id", NAME, primary_key=True),
    Column("user_id", NAME, primary_key=True),
    Column("usage_pico", BigInteger, nullable=False),
    Column("byok_pico", BigInteger, nullable=False),
    Column("free_requests", BigInteger, nullable=False),
)
"""Money in whole 10^-12 USD, by days since 1970 in UTC."""

Index("members_order", MEMBERS.c.account_id, MEMBERS.c.created_at)
Index("workspaces_order", WORKSPACES.c.account_id, WORKSPACES.c.created_at)
Index("workspace_members_user", WORKSPACE_MEMBERS.c.account_id, WORKSPACE_MEMBERS.c.user_id)
Index("keys_order", KEYS.c.account_id, KEYS.c.workspace_id, KEYS.c.created_at)
Index("keys_creator", KEYS.c.account_id, KEYS.c.creator_user_id)
Index("guardrails_order", GUARDRAILS.c.account_id, GUARDRAILS.c.created_at)
Index("guardrails_workspace", GUARDRAILS.c.account_id, GUARDRAILS.c.workspace_id)
Index("key_assignments_guardrail", KEY_ASSIGNMENTS.c.account_id, KEY_ASSIGNMENTS.c.guardrail_id)
Index("member_assignments_guardrail", MEMBER_ASSIGNMENTS.c.account_id, MEMBER_ASSIGNMENTS.c.guardrail_id)
Index("byok_order", BYOK.c.account_id, BYOK.c.workspace_id, BYOK.c.created_at)
Index("audit_order", AUDIT.c.account_id, AUDIT.c.id)
Index("audit_noun", AUDIT.c.account_id, AUDIT.c.noun, AUDIT.c.noun_id, AUDIT.c.id)
Index("ledger_workspace", LEDGER.c.account_id, LEDGER.c.workspace_id, LEDGER.c.day)
Index("ledger_user", LEDGER.c.account_id, LEDGER.c.user_id, LEDGER.c.day)
