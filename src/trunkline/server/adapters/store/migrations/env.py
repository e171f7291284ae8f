"""Runs the migrations on the connection that `schema.py` hands over, inside its transaction."""

from alembic import context

from trunkline.server.adapters.store import account_tables, traffic_tables
from trunkline.server.adapters.store.tables import METADATA

for table in (account_tables.ACCOUNTS, traffic_tables.GENERATIONS):  # importing them is what puts their tables there
    assert table.metadata is METADATA


context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
