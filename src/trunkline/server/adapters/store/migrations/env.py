"""Runs the migrations on the connection that `schema.py` hands over, inside its transaction."""

from alembic import context

from trunkline.server.adapters.store.metadata import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
