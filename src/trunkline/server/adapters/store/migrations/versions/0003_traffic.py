"""Create what traffic leaves: generations, apps, sums by day, spans of endpoints, and batches for other processes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and the number of the newest batch."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "generations",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("generations_account", "generations", ["account_id", "created"])
    op.create_index("generations_created", "generations", ["created"])
    op.create_table(
        "apps",
        sa.Column("id", counter, nullable=False),
        sa.Column("origin", name, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("origin"),
    )
    keys = ("account_id", "key_hash", "workspace_id", "user_id", "model", "permaslug", "endpoint", "provider_name")
    marks = ("context", "tools", "shown")
    sums = (
        "usage_pico",
        "byok_pico",
        "requests",
        "prompt_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "cached_tokens",
    )
    op.create_table(
        "usage_days",
        sa.Column("day", sa.Integer(), nullable=False),
        *(sa.Column(key, name, nullable=False) for key in keys),
        sa.Column("app_id", sa.BigInteger(), nullable=False),
        *(sa.Column(mark, sa.Integer(), nullable=False) for mark in marks),
        *(sa.Column(each, sa.BigInteger(), nullable=False) for each in sums),
        sa.PrimaryKeyConstraint("day", *keys, "app_id", *marks),
        sqlite_with_rowid=False,
    )
    op.create_index("usage_days_account", "usage_days", ["account_id", "day"])
    op.create_table(
        "endpoint_spans",
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("endpoint", name, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("width", "start", "endpoint"),
    )
    op.create_table(
        "traffic_batches",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("run", name, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("traffic_batches_at", "traffic_batches", ["at"])
    op.execute("INSERT INTO epochs (name, number) VALUES ('traffic', 0)")


def downgrade() -> None:
    """Drop everything that was created."""
    op.execute("DELETE FROM epochs WHERE name = 'traffic'")
    op.drop_table("traffic_batches")
    op.drop_table("endpoint_spans")
    op.drop_table("usage_days")
    op.drop_table("apps")
    op.drop_table("generations")
