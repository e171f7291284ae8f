"""Guardrails, what is assigned to them, and the workspace default among them (spec 1.7, 2.11, 5.7, 5.8)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from trunkline.server.domain.policy.restrictions import Restrictions


class ContentFilter(Struct, frozen=True, kw_only=True):
    """A pattern and what to do where it is found: `redact`, `block` or `flag`."""

    pattern: str
    action: str
    label: str | None = None


class ContentFilterBuiltin(Struct, frozen=True, kw_only=True):
    """A built-in filter by slug; `scan_scope` only for prompt injection."""

    slug: str
    action: str
    scan_scope: str | None = None


class Guardrail(Restrictions, frozen=True, kw_only=True):
    """A named set of restrictions. `limit_usd` in USD per `reset_interval`, both or neither."""

    id: str
    account_id: str
    name: str
    created_at: datetime
    workspace_id: str | None = None
    description: str | None = None
    updated_at: datetime | None = None
    limit_usd: Decimal | None = None
    reset_interval: str | None = None
    include_byok_in_budgets: bool = False
    content_filters: tuple[ContentFilter, ...] | None = None
    content_filter_builtins: tuple[ContentFilterBuiltin, ...] | None = None


class KeyAssignment(Struct, frozen=True, kw_only=True):
    """A key under a guardrail; at most one a key."""

    id: str
    key_hash: str
    guardrail_id: str
    assigned_by: str | None
    created_at: datetime


class MemberAssignment(Struct, frozen=True, kw_only=True):
    """A member under a guardrail, with all of their keys; at most one a member."""

    id: str
    user_id: str
    organization_id: str
    guardrail_id: str
    assigned_by: str | None
    created_at: datetime


def default_guardrail_id(workspace_id: str) -> str:
    """Return the id of a workspace's default guardrail, materialised or not (spec 5.8)."""
    return str(uuid5(NAMESPACE_URL, f"trunkline:workspace-default-guardrail:{UUID(workspace_id)}"))
