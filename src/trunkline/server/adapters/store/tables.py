"""The tables, as SQLite and PostgreSQL both take them; `migrations/` leads to the same and a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA: Final = MetaData()

NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on every database, as SQLite and Python do, so that orders agree everywhere."""

REVISIONS: Final = Table(
    "revisions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
)

FACTS: Final = Table(
    "facts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("layer", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    Column("position", BigInteger, nullable=False),
    # Bytes, not text: what a source wrote comes back exactly, whatever a database thinks of its encoding.
    Column("wire", LargeBinary, nullable=False),
    Column("notes", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("first_revision", Integer, ForeignKey("revisions.number"), nullable=False),
    Column("last_revision", Integer, ForeignKey("revisions.number"), nullable=True),
)
"""One row per version of a fact: valid for `first_revision <= r < last_revision`, NULL while it is current."""

_f = FACTS.c
_current = _f.last_revision.is_(None)
_ended = _f.last_revision.is_not(None)

# One current row per fact, whatever a program above gets wrong.
Index("facts_current", _f.layer, _f.kind, _f.key, unique=True, sqlite_where=_current, postgresql_where=_current)
# The newest catalogue is read along this index, so that its order costs no sort of 200 MB.
Index("facts_order", _f.layer, _f.kind, _f.position, sqlite_where=_current, postgresql_where=_current)
# A fact's former versions, from which one that comes back takes its old place.
Index("facts_versions", _f.layer, _f.kind, _f.key, _f.first_revision, unique=True)
# What began or ended between two revisions. The second is partial because an index on a column that is mostly
# NULL would tempt SQLite's planner to read the newest catalogue through it and sort.
Index("facts_first", _f.first_revision)
Index("facts_last", _f.last_revision, sqlite_where=_ended, postgresql_where=_ended)
