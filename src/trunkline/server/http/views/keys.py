"""Keys in the API's shape (spec 2.10)."""

from __future__ import annotations

from typing import Any

from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.domain.policy.budget import effective
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.http import schemas_keys as shown
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases.current_key import CurrentKey
from trunkline.server.usecases.keys import KeyView

FREE_CALLS_A_DAY = 50
"""What accounts without bought credits may call of `:free` models in a day (spec 4.2); nothing is sold here."""


def key_data(view: KeyView) -> shown.KeyData:
    """Return a key as the API shows it."""
    return fill(
        shown.KeyData,
        view,
        view.key,
        view.spent,
        workspace_id=view.key.workspace_id or "",
        external_user=external_user(view.key.external_user),
    )


def external_user(stated: dict[str, Any] | str | None) -> str | None:
    """Return the id of the caller's own user that a key belongs to."""
    return stated.get("user") if isinstance(stated, dict) else stated


def current_key(found: CurrentKey, caller: Caller) -> shown.CurrentKey:
    """Return a caller's own key as the API shows it to them."""
    key, account = caller.key, caller.account
    blocking = effective(found.budgets)
    return fill(
        shown.CurrentKey,
        found.view,
        key,
        found.view.spent,
        is_free_tier=True,
        is_management_key=key.is_management,
        is_provisioning_key=key.is_management,
        rate_limit=shown.RateLimit(),
        organization_id=account.id if account is not None and account.kind is AccountKind.ORGANIZATION else None,
        workspace_id=None if caller.workspace is None else caller.workspace.id,
        allowed_data_regions=list(found.data_regions),
        budgets=[fill(shown.KeyBudget, budget) for budget in found.budgets],
        effective_budget=None if blocking is None else fill(shown.KeyBudget, blocking),
        free_model_daily_requests=_free_calls(found.view.spent.free_requests_daily),
    )


def _free_calls(used: int) -> shown.FreeModelDailyRequests:
    return shown.FreeModelDailyRequests(FREE_CALLS_A_DAY, used, max(FREE_CALLS_A_DAY - used, 0))
