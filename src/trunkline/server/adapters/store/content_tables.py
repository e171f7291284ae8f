"""The table of what calls said, for workspaces that keep it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text

from trunkline.server.adapters.store.tables import METADATA, NAME
from trunkline.server.adapters.store.types import Moment

CONTENTS: Final = Table(
    "contents",
    METADATA,
    Column("id", NAME, primary_key=True),
    # No reference, as for generations: what was said is kept for its time whatever becomes of the key.
    Column("account_id", NAME, nullable=False),
    Column("key_hash", NAME, nullable=False),
    Column("created", Moment, nullable=False),
    # Encrypted: who reads the database or a backup of it reads nothing of this.
    Column("document", Text, nullable=False),
)

Index("contents_created", CONTENTS.c.created)
