"""What is assigned to guardrails, as the API shows it (spec 2.11)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class KeyAssignment(Struct, kw_only=True):
    """A key under a guardrail."""

    id: str
    key_hash: str
    guardrail_id: str
    key_name: str
    key_label: str
    assigned_by: str | None
    created_at: datetime


class MemberAssignment(Struct, kw_only=True):
    """A member under a guardrail, with all of their keys."""

    id: str
    user_id: str
    organization_id: str
    guardrail_id: str
    assigned_by: str | None
    created_at: datetime


class ListKeyAssignmentsResponse(Struct):
    """Assigned keys, newest first; `total_count` counts all pages."""

    data: list[KeyAssignment]
    total_count: int


class ListMemberAssignmentsResponse(Struct):
    """Assigned members, newest first; `total_count` counts all pages."""

    data: list[MemberAssignment]
    total_count: int


class Assigned(Struct):
    """How many of those named are assigned now."""

    assigned_count: int


class Unassigned(Struct):
    """How many assignments to this guardrail were removed."""

    unassigned_count: int
