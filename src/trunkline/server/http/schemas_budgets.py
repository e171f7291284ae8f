"""Workspace budgets as the API shows them (spec 2.11). Amounts are US dollars."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class WorkspaceBudget(Struct, kw_only=True):
    """What a workspace may spend in an interval; `reset_interval` is null for its lifetime."""

    id: str
    workspace_id: str
    limit_usd: Decimal
    reset_interval: str | None
    created_at: datetime
    updated_at: datetime


class WorkspaceBudgetResponse(Struct):
    """A budget; `include_byok_in_budgets` holds for all of the workspace's."""

    data: WorkspaceBudget
    include_byok_in_budgets: bool


class ListWorkspaceBudgetsResponse(Struct):
    """The budgets of a workspace, narrowest interval first."""

    data: list[WorkspaceBudget]
    include_byok_in_budgets: bool
