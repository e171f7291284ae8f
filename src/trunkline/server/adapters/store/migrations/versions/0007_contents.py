"""Add the table of what calls said."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "contents",
        sa.Column("id", name, primary_key=True),
        sa.Column("account_id", name, nullable=False),
        sa.Column("key_hash", name, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_index("contents_created", "contents", ["created"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("contents")
