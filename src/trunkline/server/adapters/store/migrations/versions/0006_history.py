"""Let lists of generations be narrowed by key and by model."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LISTED = ("key_hash", "model")


def upgrade() -> None:
    """Add both columns from what the records say, and an index for each order."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    for column in _LISTED:
        op.add_column("generations", sa.Column(column, name, nullable=False, server_default=""))
    read = "document::json ->> '{}'" if op.get_bind().dialect.name == "postgresql" else "json_extract(document, '$.{}')"
    key, model, asked = (read.format(field) for field in ("key_hash", "model", "requested"))
    op.execute(
        f"UPDATE generations SET key_hash = coalesce({key}, ''), "  # noqa: S608 - names of this file only
        f"model = coalesce(nullif({model}, ''), {asked}, '')"
    )
    op.drop_index("generations_account", "generations")
    op.create_index("generations_account", "generations", ["account_id", "created", "id"])
    for column in _LISTED:
        place = ["account_id", column, "created", "id"]
        op.create_index(f"generations_{column.removesuffix('_hash')}", "generations", place)


def downgrade() -> None:
    """Drop them."""
    for column in _LISTED:
        op.drop_index(f"generations_{column.removesuffix('_hash')}", "generations")
        op.drop_column("generations", column)
    op.drop_index("generations_account", "generations")
    op.create_index("generations_account", "generations", ["account_id", "created"])
