"""Workspaces, their members and budgets (spec 1.7, 2.11, 5.9, 5.10)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

INTERVALS = ("daily", "weekly", "monthly", "lifetime")
"""Budget intervals, narrowest first; limits must strictly grow along them (spec 5.9)."""


class Workspace(Struct, frozen=True, kw_only=True):
    """A group of keys under one default guardrail and one set of budgets."""

    id: str
    account_id: str
    name: str
    slug: str
    created_at: datetime
    description: str | None = None
    default_text_model: str | None = None
    default_image_model: str | None = None
    default_provider_sort: str | None = None
    is_observability_io_logging_enabled: bool = False
    is_observability_broadcast_enabled: bool = False
    is_data_discount_logging_enabled: bool = False
    io_logging_sampling_rate: float = 1.0
    io_logging_api_key_ids: tuple[int, ...] | None = None
    disabled_server_tools: tuple[str, ...] | None = None
    include_byok_in_budgets: bool = False
    updated_at: datetime | None = None
    created_by: str | None = None


class WorkspaceMember(Struct, frozen=True, kw_only=True):
    """A user in a workspace; `role` is `admin` or `member`."""

    id: str
    workspace_id: str
    user_id: str
    role: str
    created_at: datetime


class WorkspaceBudget(Struct, frozen=True, kw_only=True):
    """What a workspace may spend in USD; `interval` one of `INTERVALS`."""

    id: str
    workspace_id: str
    interval: str
    limit_usd: Decimal
    created_at: datetime
    updated_at: datetime


def default_workspace_id(account_id: str) -> str:
    """Return the id of an account's default workspace (spec 5.10)."""
    return str(uuid5(NAMESPACE_URL, f"trunkline:default-workspace:{UUID(account_id)}"))
