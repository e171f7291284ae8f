"""The tables of traffic: every generation, what it adds up to by day, and what it taught about endpoints."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from trunkline.server.adapters.store.account_tables import COUNTER
from trunkline.server.adapters.store.tables import METADATA, NAME
from trunkline.server.adapters.store.types import Json, Moment

GENERATIONS: Final = Table(
    "generations",
    METADATA,
    Column("id", NAME, primary_key=True),
    # No reference: what was called stays on record when its account's key is deleted.
    Column("account_id", NAME, nullable=False),
    Column("created", Moment, nullable=False),
    # The whole record as JSON: it is read back whole, and a new field needs no migration.
    Column("document", Text, nullable=False),
    # What lists of generations are narrowed by; `model` is the one asked for where none served.
    Column("key_hash", NAME, nullable=False, server_default=""),
    Column("model", NAME, nullable=False, server_default=""),
)

APPS: Final = Table(
    "apps",
    METADATA,
    Column("id", COUNTER, primary_key=True),
    Column("origin", NAME, nullable=False, unique=True),
    Column("title", Text),
    Column("categories", Json, nullable=False),
    Column("created", Moment, nullable=False),
)

USAGE: Final = Table(
    "usage_days",
    METADATA,
    Column("day", Integer, primary_key=True),
    Column("account_id", NAME, primary_key=True),
    Column("key_hash", NAME, primary_key=True),
    # Empty text, not NULL, for none: they are part of the key.
    Column("workspace_id", NAME, primary_key=True),
    Column("user_id", NAME, primary_key=True),
    Column("model", NAME, primary_key=True),
    Column("permaslug", NAME, primary_key=True),
    Column("endpoint", NAME, primary_key=True),
    Column("provider_name", NAME, primary_key=True),
    Column("app_id", BigInteger, primary_key=True, autoincrement=False),
    Column("context", Integer, primary_key=True, autoincrement=False),
    Column("tools", Integer, primary_key=True, autoincrement=False),
    Column("shown", Integer, primary_key=True, autoincrement=False),
    Column("usage_pico", BigInteger, nullable=False),
    Column("byok_pico", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""By days since 1970 in UTC. `app_id` 0: no app; `context` is the power of ten that the prompt's tokens fit in;
`tools` 1: it called tools; `shown` 1: it counts in public rankings."""

SPANS: Final = Table(
    "endpoint_spans",
    METADATA,
    Column("width", Integer, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("endpoint", NAME, primary_key=True),
    Column("document", Text, nullable=False),
)
"""What was seen of an endpoint in `width` seconds from the Unix time `start`."""

BATCHES: Final = Table(
    "traffic_batches",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("run", NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Column("document", Text, nullable=False),
)
"""What each of the last batches added, for the other processes. `run` is the process that has counted it already."""

HOLDS: Final = Table(
    "holds",
    METADATA,
    Column("kind", NAME, primary_key=True),
    Column("account_id", NAME, primary_key=True),
    # Empty text for an account as a whole.
    Column("id", NAME, primary_key=True),
    Column("run", NAME, primary_key=True),
    Column("usage_pico", BigInteger, nullable=False),
    Column("byok_pico", BigInteger, nullable=False),
    Column("expires", Moment, nullable=False),
)
"""Money that the process `run` may still spend of somebody's limits, in 10^-12 USD: calls under way, and ended ones
that are not in the ledger yet. Rows of a process that died end by themselves."""

Index("generations_account", GENERATIONS.c.account_id, GENERATIONS.c.created, GENERATIONS.c.id)
Index("generations_key", GENERATIONS.c.account_id, GENERATIONS.c.key_hash, GENERATIONS.c.created, GENERATIONS.c.id)
Index("generations_model", GENERATIONS.c.account_id, GENERATIONS.c.model, GENERATIONS.c.created, GENERATIONS.c.id)
Index("generations_created", GENERATIONS.c.created)
Index("usage_days_account", USAGE.c.account_id, USAGE.c.day)
Index("traffic_batches_at", BATCHES.c.at)
