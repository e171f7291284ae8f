"""What a workspace may spend per interval (spec 1.7, 5.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.budget import require_order
from trunkline.server.domain.policy.workspace import INTERVALS, WorkspaceBudget
from trunkline.server.errors import NotFound
from trunkline.server.usecases.account_ports import Accounts, Entropy, Reader
from trunkline.server.usecases.bodies import MOST_USD, new_id, refuse, usd
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.workspaces import find


class BudgetPut(Struct, frozen=True, kw_only=True):
    """The body that sets a budget: USD per interval, and whether all budgets of the workspace count own keys."""

    limit_usd: Annotated[float, Meta(gt=0, le=MOST_USD)]
    include_byok_in_budgets: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class BudgetList:
    """A workspace's budgets, and its flag for all of them."""

    data: list[WorkspaceBudget]
    include_byok_in_budgets: bool


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One budget, and the workspace's flag for all of them."""

    data: WorkspaceBudget
    include_byok_in_budgets: bool


def list_budgets(accounts: Accounts, account_id: str, reference: str) -> BudgetList:
    """Return a workspace's budgets, the narrowest interval first. Raises `NotFound`."""
    with accounts.read() as store:
        workspace = find(store, account_id, reference)
        found = _budgets(store, account_id, workspace.id)
        return BudgetList(
            [found[interval] for interval in INTERVALS if interval in found], workspace.include_byok_in_budgets
        )


def get(accounts: Accounts, account_id: str, reference: str, interval: str) -> BudgetView:
    """Return one budget. Raises `BadRequest` for no interval, `NotFound` for one without a budget."""
    _require_interval(interval)
    with accounts.read() as store:
        workspace = find(store, account_id, reference)
        budget = _budgets(store, account_id, workspace.id).get(interval)
        if budget is None:
            raise NotFound
        return BudgetView(budget, workspace.include_byok_in_budgets)


def put(
    accounts: Accounts,
    actor: Actor,
    reference: str,
    interval: str,
    body: BudgetPut,
    *,
    clock: Clock,
    entropy: Entropy,
) -> BudgetView:
    """Set a budget and return it.

    Raises `NotFound`, and `BadRequest` for no interval and where limits would not strictly shrink with intervals.
    """
    _require_interval(interval)
    limit = usd(body.limit_usd, "limit_usd", positive=True)
    with accounts.change(actor, clock) as store:
        workspace = find(store, actor.account_id, reference)
        found = _budgets(store, actor.account_id, workspace.id)
        require_order({name: budget.limit_usd for name, budget in found.items()} | {interval: limit})
        budget = found.get(interval)
        if budget is None:
            budget = WorkspaceBudget(
                id=new_id(entropy),
                workspace_id=workspace.id,
                interval=interval,
                limit_usd=limit,
                created_at=store.now,
                updated_at=store.now,
            )
            store.budgets.add(actor.account_id, budget)
        elif budget.limit_usd != limit:
            budget = replace(budget, limit_usd=limit, updated_at=store.now)
            store.budgets.replace(actor.account_id, budget)
        flag = body.include_byok_in_budgets
        if flag is not UNSET and flag != workspace.include_byok_in_budgets:
            workspace = replace(workspace, include_byok_in_budgets=flag, updated_at=store.now)
            store.workspaces.replace(actor.account_id, workspace)
        return BudgetView(budget, workspace.include_byok_in_budgets)


def delete(accounts: Accounts, actor: Actor, reference: str, interval: str, *, clock: Clock) -> None:
    """Remove a budget, if there is one. Raises `BadRequest` for no interval, `NotFound` for no workspace."""
    _require_interval(interval)
    with accounts.change(actor, clock) as store:
        workspace = find(store, actor.account_id, reference)
        budget = _budgets(store, actor.account_id, workspace.id).get(interval)
        if budget is not None:
            store.budgets.remove(actor.account_id, budget.id)


def _budgets(store: Reader, account_id: str, workspace_id: str) -> dict[str, WorkspaceBudget]:
    rows = store.budgets.page(account_id, where={"workspace_id": workspace_id})
    return {row.interval: row for row in rows}


def _require_interval(interval: str) -> None:
    if interval not in INTERVALS:
        raise refuse("interval", f"expected one of {', '.join(INTERVALS)}")
