"""`/govern/workspaces`: workspaces with their budgets and the people in them."""

from __future__ import annotations

from typing import Any, Final

from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.domain.policy.workspace import INTERVALS, default_workspace_id
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import budgets, naming, workspace_members, workspaces
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.budgets import BudgetPut
from trunkline.server.usecases.workspace_members import UserIds
from trunkline.server.usecases.workspaces import WorkspaceCreate, WorkspacePatch
from trunkline.server.web import typed
from trunkline.server.web.page import Page
from trunkline.server.web.typed import Typed
from trunkline.server.web.visit import Visit

LIST: Final = "/govern/workspaces"
FIELDS: Final = ("name", "slug", "description", "default_text_model", "default_provider_sort", *INTERVALS)
SORTS: Final = (("", "balanced"), ("price", "price"), ("throughput", "throughput"), ("latency", "latency"))
MOST: Final = 1000
"""Workspaces and members on one page."""


def _list(visit: Visit) -> Answer:
    assert visit.who is not None
    accounts, account_id = visit.context.accounts, visit.who.account.id
    found = workspaces.list_workspaces(accounts, account_id, Paging(0, MOST))
    return visit.render(
        "workspaces.html",
        found=found.data,
        total=found.total_count,
        budgets={row.id: budgets.list_budgets(accounts, account_id, row.id).data for row in found.data},
        spent=naming.spent_in(accounts, account_id, [row.id for row in found.data], visit.context.clock),
        default=default_workspace_id(account_id),
    )


def _new(visit: Visit, filled: Typed = typed.BLANK, status: int = 200) -> Answer:
    return visit.render("workspace_new.html", status=status, typed=filled)


def _create(visit: Visit) -> Answer:
    context = visit.context
    try:
        body = typed.body(
            {
                "name": visit.field("name").strip(),
                "slug": visit.field("slug").strip(),
                "description": visit.field("description").strip() or None,
            },
            WorkspaceCreate,
        )
        made = workspaces.create(context.accounts, visit.actor, body, clock=context.clock, entropy=context.entropy)
    except typed.REFUSALS as error:
        return _new(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(f"{LIST}/{made.id}", done="made")


def _show(visit: Visit, filled: Typed | None = None, status: int = 200) -> Answer:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    workspace = workspaces.get(context.accounts, account_id, visit.params["id"])
    listed = budgets.list_budgets(context.accounts, account_id, workspace.id)
    begun = typed.begun(
        name=workspace.name,
        slug=workspace.slug,
        description=workspace.description,
        default_text_model=workspace.default_text_model,
        default_provider_sort=workspace.default_provider_sort,
        include_byok_in_budgets=listed.include_byok_in_budgets,
        **{row.interval: row.limit_usd for row in listed.data},
    )
    people = visit.who.account.kind is AccountKind.ORGANIZATION
    inside: list[Any] = []
    if people:
        page = Paging(0, MOST)
        inside = workspace_members.list_members(context.accounts, account_id, workspace.id, page).data
    return visit.render(
        "workspace.html",
        status=status,
        workspace=workspace,
        typed=filled or begun,
        intervals=INTERVALS,
        sorts=SORTS,
        spent=naming.spent_in(context.accounts, account_id, [workspace.id], context.clock)[workspace.id],
        guardrail=default_guardrail_id(workspace.id),
        is_default=workspace.id == default_workspace_id(account_id),
        people=people,
        inside=inside,
        members=naming.members(context.accounts, account_id),
    )


def _update(visit: Visit) -> Answer:
    context = visit.context
    try:
        body = typed.body(
            {
                "name": visit.field("name").strip(),
                "slug": visit.field("slug").strip(),
                "description": visit.field("description").strip() or None,
                "default_text_model": visit.field("default_text_model").strip() or None,
                "default_provider_sort": visit.field("default_provider_sort") or None,
            },
            WorkspacePatch,
        )
        workspaces.update(context.accounts, visit.actor, visit.params["id"], body, clock=context.clock)
    except typed.REFUSALS as error:
        return _show(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(f"{LIST}/{visit.params['id']}", done="saved")


def _budget(visit: Visit) -> Answer:
    """Set or remove one budget: an amount of nothing removes it."""
    context, place, interval = visit.context, visit.params["id"], visit.field("interval")
    try:
        limit = typed.amount(visit.field("limit_usd"), interval)
        if limit is None:
            budgets.delete(context.accounts, visit.actor, place, interval, clock=context.clock)
        else:
            values = {"limit_usd": limit, "include_byok_in_budgets": bool(visit.field("include_byok_in_budgets"))}
            body = typed.body(values, BudgetPut)
            budgets.put(
                context.accounts, visit.actor, place, interval, body, clock=context.clock, entropy=context.entropy
            )
    except typed.REFUSALS as error:
        issues = [Issue(interval, issue.message) for issue in error.issues] or [Issue(interval, error.message)]
        shown = typed.refused([(interval, visit.field("limit_usd"))], BadRequest(issues=issues), FIELDS)
        return _show(visit, shown, error.status)
    return visit.redirect(f"{LIST}/{place}", done="saved")


def _people(visit: Visit) -> Answer:
    context, place = visit.context, visit.params["id"]
    try:
        if chosen := visit.every("chosen"):
            body = UserIds(user_ids=chosen)
            if visit.field("away") == "true":
                workspace_members.remove(context.accounts, visit.actor, place, body, clock=context.clock)
            else:
                workspace_members.add(
                    context.accounts, visit.actor, place, body, clock=context.clock, entropy=context.entropy
                )
    except typed.REFUSALS as error:
        told = "; ".join(issue.message for issue in error.issues) or error.message
        return _show(visit, Typed(general=f"Not changed: the member {told}"), error.status)
    return visit.redirect(f"{LIST}/{place}", done="saved")


def _delete(visit: Visit) -> Answer:
    context = visit.context
    try:
        workspaces.delete(
            context.accounts,
            visit.actor,
            visit.params["id"],
            clock=context.clock,
            confirm_default=visit.field("confirm_default") == "true",
        )
    except typed.REFUSALS as error:
        return _show(visit, typed.refused([], error, ()), error.status)
    return visit.redirect(LIST, done="deleted")


PAGES = (
    Page(LIST, _list),
    Page(LIST, _create, method="POST"),
    Page(f"{LIST}/new", _new),
    Page(f"{LIST}/{{id}}", _show),
    Page(f"{LIST}/{{id}}", _update, method="POST"),
    Page(f"{LIST}/{{id}}/budget", _budget, method="POST"),
    Page(f"{LIST}/{{id}}/members", _people, method="POST"),
    Page(f"{LIST}/{{id}}/delete", _delete, method="POST"),
)
