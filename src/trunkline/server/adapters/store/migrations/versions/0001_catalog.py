"""Create the catalogue: numbered revisions and the facts that are valid in them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables and their indexes."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "revisions",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("layer", name, nullable=False),
        sa.Column("kind", name, nullable=False),
        sa.Column("key", name, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("wire", sa.LargeBinary(), nullable=False),
        sa.Column("notes", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_revision", sa.Integer(), sa.ForeignKey("revisions.number"), nullable=False),
        sa.Column("last_revision", sa.Integer(), sa.ForeignKey("revisions.number"), nullable=True),
    )
    current = sa.text("last_revision IS NULL")
    ended = sa.text("last_revision IS NOT NULL")
    identity = ["layer", "kind", "key"]
    op.create_index("facts_current", "facts", identity, unique=True, sqlite_where=current, postgresql_where=current)
    op.create_index(
        "facts_order", "facts", ["layer", "kind", "position"], sqlite_where=current, postgresql_where=current
    )
    op.create_index("facts_versions", "facts", [*identity, "first_revision"], unique=True)
    op.create_index("facts_first", "facts", ["first_revision"])
    op.create_index("facts_last", "facts", ["last_revision"], sqlite_where=ended, postgresql_where=ended)


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("facts")
    op.drop_table("revisions")
