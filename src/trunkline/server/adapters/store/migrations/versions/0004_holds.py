"""Create what processes tell each other of money that is spoken for and not spent yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "holds",
        sa.Column("kind", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("id", name, nullable=False),
        sa.Column("run", name, nullable=False),
        sa.Column("usage_pico", sa.BigInteger(), nullable=False),
        sa.Column("byok_pico", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "account_id", "id", "run"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("holds")
