"""Runs the migrations on the connection that `schema.py` hands over, inside its transaction."""

from alembic import context

from trunkline.server.adapters.store import account_tables
from trunkline.server.adapters.store.tables import METADATA

assert account_tables.ACCOUNTS.metadata is METADATA  # importing it is what puts its tables there


context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
