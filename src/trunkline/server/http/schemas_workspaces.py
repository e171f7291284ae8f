"""Workspaces and the people in them, as the API shows them (spec 2.11)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Workspace(Struct, kw_only=True):
    """A group of keys under one default guardrail and one set of budgets."""

    id: str
    default_guardrail_id: str
    name: str
    slug: str
    description: str | None
    default_text_model: str | None
    default_image_model: str | None
    default_provider_sort: str | None
    is_observability_io_logging_enabled: bool
    is_observability_broadcast_enabled: bool
    is_data_discount_logging_enabled: bool
    io_logging_sampling_rate: float
    io_logging_api_key_ids: list[int] | None
    disabled_server_tools: list[str] | None
    include_byok_in_budgets: bool
    created_at: datetime
    updated_at: datetime | None
    created_by: str | None


class WorkspaceResponse(Struct):
    """A workspace."""

    data: Workspace


class ListWorkspacesResponse(Struct):
    """Workspaces, newest first; `total_count` counts all pages."""

    data: list[Workspace]
    total_count: int


class WorkspaceMember(Struct, kw_only=True):
    """A user in a workspace."""

    id: str
    workspace_id: str
    user_id: str
    role: str
    created_at: datetime


class ListWorkspaceMembersResponse(Struct):
    """Members of a workspace, newest first; `total_count` counts all pages."""

    data: list[WorkspaceMember]
    total_count: int


class AddedWorkspaceMembers(Struct):
    """Those who were added, or were there and have their organisation role now."""

    data: list[WorkspaceMember]
    added_count: int


class RemovedWorkspaceMembers(Struct):
    """How many were removed."""

    removed_count: int
