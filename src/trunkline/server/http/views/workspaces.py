"""Workspaces and their budgets in the API's shape (spec 2.11)."""

from __future__ import annotations

from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.domain.policy.workspace import Workspace, WorkspaceBudget
from trunkline.server.http import schemas_budgets, schemas_workspaces
from trunkline.server.http.views.filling import fill

LIFETIME = "lifetime"


def workspace(stored: Workspace) -> schemas_workspaces.Workspace:
    """Return a workspace as the API shows it."""
    return fill(schemas_workspaces.Workspace, stored, default_guardrail_id=default_guardrail_id(stored.id))


def budget(stored: WorkspaceBudget) -> schemas_budgets.WorkspaceBudget:
    """Return a budget as the API shows it; a lifetime never resets."""
    interval = None if stored.interval == LIFETIME else stored.interval
    return fill(schemas_budgets.WorkspaceBudget, stored, reset_interval=interval)
