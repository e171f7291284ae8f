"""`/workspaces/{id}/budgets`."""

from __future__ import annotations

from functools import partial

from trunkline.server.http import acting, answer
from trunkline.server.http import schemas_budgets as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.schemas_keys import Deleted
from trunkline.server.http.views import workspaces as view
from trunkline.server.usecases import budgets
from trunkline.server.usecases.budgets import BudgetPut, BudgetView

_ALL = f"{API}/workspaces/{{id}}/budgets"
_ONE = f"{_ALL}/{{interval}}"
_managed = partial(acting.managed, tag="Workspaces")


def _list(context: Context, request: Request) -> Answer:
    found = budgets.list_budgets(context.accounts, acting.account(request).id, request.params["id"])
    rows = [view.budget(row) for row in found.data]
    return answer.json({"data": rows, "include_byok_in_budgets": found.include_byok_in_budgets})


def _get(context: Context, request: Request) -> Answer:
    account_id, params = acting.account(request).id, request.params
    return _answer(budgets.get(context.accounts, account_id, params["id"], params["interval"]))


def _put(context: Context, request: Request) -> Answer:
    body, params = request.read(BudgetPut), request.params
    return _answer(
        budgets.put(
            context.accounts,
            acting.actor(request),
            params["id"],
            params["interval"],
            body,
            clock=context.clock,
            entropy=context.entropy,
        )
    )


def _delete(context: Context, request: Request) -> Answer:
    params = request.params
    budgets.delete(context.accounts, acting.actor(request), params["id"], params["interval"], clock=context.clock)
    return answer.json(Deleted())


def _answer(found: BudgetView) -> Answer:
    return answer.json({"data": view.budget(found.data), "include_byok_in_budgets": found.include_byok_in_budgets})


OPERATIONS = (
    _managed(
        id="listWorkspaceBudgets",
        path=_ALL,
        summary="List the budgets of a workspace",
        answers=schemas.ListWorkspaceBudgetsResponse,
        errors=(401, 403, 404),
        handler=_list,
    ),
    _managed(
        id="getWorkspaceBudget",
        path=_ONE,
        summary="Get a budget",
        answers=schemas.WorkspaceBudgetResponse,
        errors=(400, 401, 403, 404),
        handler=_get,
    ),
    _managed(
        id="upsertWorkspaceBudget",
        method="PUT",
        path=_ONE,
        summary="Set a budget",
        description="A wider interval's limit must be greater than that of every narrower one.",
        body=BudgetPut,
        answers=schemas.WorkspaceBudgetResponse,
        errors=(400, 401, 403, 404),
        handler=_put,
    ),
    _managed(
        id="deleteWorkspaceBudget",
        method="DELETE",
        path=_ONE,
        summary="Remove a budget, if there is one",
        answers=Deleted,
        errors=(400, 401, 403, 404),
        handler=_delete,
    ),
)
