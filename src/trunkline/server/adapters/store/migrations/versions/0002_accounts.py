"""Create what accounts own: members, workspaces, budgets, keys, guardrails, their assignments, audit and ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and the epoch that every change of them moves."""
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "accounts",
        sa.Column("id", name, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "audit",
        sa.Column("id", counter, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("noun", name, nullable=False),
        sa.Column("noun_id", name, nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_noun", "audit", ["account_id", "noun", "noun_id", "id"])
    op.create_index("audit_order", "audit", ["account_id", "id"])
    op.create_table(
        "epochs",
        sa.Column("name", name, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "ledger",
        sa.Column("account_id", name, nullable=False),
        sa.Column("key_hash", name, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("workspace_id", name, nullable=False),
        sa.Column("user_id", name, nullable=False),
        sa.Column("usage_pico", sa.BigInteger(), nullable=False),
        sa.Column("byok_pico", sa.BigInteger(), nullable=False),
        sa.Column("free_requests", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key_hash", "day", "workspace_id", "user_id"),
    )
    op.create_index("ledger_user", "ledger", ["account_id", "user_id", "day"])
    op.create_index("ledger_workspace", "ledger", ["account_id", "workspace_id", "day"])
    op.create_table(
        "members",
        sa.Column("account_id", name, nullable=False),
        sa.Column("id", name, nullable=False),
        sa.Column("email", name, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "id"),
        sa.UniqueConstraint("account_id", "email", name="members_email"),
    )
    op.create_index("members_order", "members", ["account_id", "created_at"])
    op.create_table(
        "workspaces",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", name, nullable=False),
        sa.Column("default_guardrail_id", name, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id", name="workspaces_id"),
        sa.UniqueConstraint("account_id", "slug", name="workspaces_slug"),
        sa.UniqueConstraint("default_guardrail_id"),
    )
    op.create_index("workspaces_order", "workspaces", ["account_id", "created_at"])
    op.create_table(
        "budgets",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("workspace_id", name, nullable=False),
        sa.Column("interval", name, nullable=False),
        sa.Column("limit_usd", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "workspace_id"], ["workspaces.account_id", "workspaces.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "interval", name="budgets_interval"),
    )
    op.create_table(
        "guardrails",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("workspace_id", name, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "workspace_id"], ["workspaces.account_id", "workspaces.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "id", name="guardrails_id"),
    )
    op.create_index("guardrails_order", "guardrails", ["account_id", "created_at"])
    op.create_index("guardrails_workspace", "guardrails", ["account_id", "workspace_id"])
    op.create_table(
        "keys",
        sa.Column("hash", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("is_management", sa.Boolean(), nullable=False),
        sa.Column("workspace_id", name, nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("limit", sa.Text(), nullable=True),
        sa.Column("limit_reset", sa.Text(), nullable=True),
        sa.Column("include_byok_in_limit", sa.Boolean(), nullable=False),
        sa.Column("creator_user_id", name, nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("external_user", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "workspace_id"],
            ["workspaces.account_id", "workspaces.id"],
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash"),
        sa.UniqueConstraint("account_id", "hash", name="keys_hash"),
    )
    op.create_index("keys_creator", "keys", ["account_id", "creator_user_id"])
    op.create_index("keys_order", "keys", ["account_id", "workspace_id", "created_at"])
    op.create_table(
        "workspace_members",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("workspace_id", name, nullable=False),
        sa.Column("user_id", name, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id", "user_id"], ["members.account_id", "members.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["account_id", "workspace_id"], ["workspaces.account_id", "workspaces.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "user_id", name="workspace_members_pair"),
    )
    op.create_index("workspace_members_user", "workspace_members", ["account_id", "user_id"])
    op.create_table(
        "key_assignments",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("key_hash", name, nullable=False),
        sa.Column("guardrail_id", name, nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "guardrail_id"], ["guardrails.account_id", "guardrails.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id", "key_hash"], ["keys.account_id", "keys.hash"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_index("key_assignments_guardrail", "key_assignments", ["account_id", "guardrail_id"])
    op.create_table(
        "member_assignments",
        sa.Column("id", name, nullable=False),
        sa.Column("account_id", name, nullable=False),
        sa.Column("user_id", name, nullable=False),
        sa.Column("guardrail_id", name, nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "guardrail_id"], ["guardrails.account_id", "guardrails.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id", "user_id"], ["members.account_id", "members.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "user_id", name="member_assignments_user"),
    )
    op.create_index("member_assignments_guardrail", "member_assignments", ["account_id", "guardrail_id"])
    op.execute("INSERT INTO epochs (name, number) VALUES ('policy', 0)")


def downgrade() -> None:
    """Drop everything that was created."""
    op.drop_table("member_assignments")
    op.drop_table("key_assignments")
    op.drop_table("workspace_members")
    op.drop_table("keys")
    op.drop_table("guardrails")
    op.drop_table("budgets")
    op.drop_table("workspaces")
    op.drop_table("members")
    op.drop_table("ledger")
    op.drop_table("epochs")
    op.drop_table("audit")
    op.drop_table("accounts")
