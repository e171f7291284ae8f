"""All tables of a store: importing this is what gathers them."""

from __future__ import annotations

from trunkline.server.adapters.store import account_tables, content_tables, traffic_tables
from trunkline.server.adapters.store.tables import METADATA

__all__ = ["METADATA"]

for _table in (account_tables.ACCOUNTS, content_tables.CONTENTS, traffic_tables.GENERATIONS):
    assert _table.metadata is METADATA
