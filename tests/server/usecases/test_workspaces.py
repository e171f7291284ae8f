"""Workspaces with their budgets and members (spec 1.7, 5.9, 5.10, cases 74 to 76)."""

from decimal import Decimal

import msgspec
import pytest

from tests.tenants import NOWHERE, Tenant, body
from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import assignments, budgets, guardrails, keys, workspace_members, workspaces
from trunkline.server.usecases.keys import KeyPatch
from trunkline.server.usecases.workspaces import WorkspaceCreate, WorkspacePatch


def put(acme: Tenant, interval: str, limit: float, **flag: bool) -> budgets.BudgetView:
    made = msgspec.convert({"limit_usd": limit, **flag}, budgets.BudgetPut)
    return budgets.put(acme.accounts, acme.actor, "default", interval, made, **acme.making)


def delete(acme: Tenant, reference: str, *, confirm_default: bool = False) -> None:
    workspaces.delete(acme.accounts, acme.actor, reference, clock=acme.clock, confirm_default=confirm_default)


def test_a_workspace_is_found_by_its_slug_and_by_its_id_in_any_case(acme):
    made = acme.workspace("team-1", default_provider_sort="price", io_logging_api_key_ids=[1, 2], description="d")
    assert made.io_logging_api_key_ids == (1, 2)
    for reference in ("team-1", made.id, made.id.upper()):
        assert workspaces.get(acme.accounts, acme.id, reference) == made
    for bad in (NOWHERE, "team-2", "TEAM-1", "", "\0", "%"):
        with pytest.raises(NotFound):
            workspaces.get(acme.accounts, acme.id, bad)


@pytest.mark.parametrize("slug", ["Bad--Slug", "a--b", "-a", "a-", "", "a" * 51, "a b", "a\n", "é"])
def test_a_slug_of_another_form_does_not_decode(slug):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "n", "slug": slug}, WorkspaceCreate)


@pytest.mark.parametrize("slug", ["taken", "default", "0d28b8b4-7315-502b-8029-2839aa4dfe6f", "0" * 32])
def test_a_slug_that_is_taken_or_an_id_is_refused(acme, slug):
    acme.workspace("taken")
    with pytest.raises(BadRequest) as refused:
        acme.workspace(slug)
    assert [issue.path for issue in refused.value.issues] == ["slug"]
    assert workspaces.list_workspaces(acme.accounts, acme.id).total_count == 2


def test_a_patch_changes_what_it_states(acme):
    made = acme.workspace("team", description="d", disabled_server_tools=["web"])
    changes = body(WorkspacePatch, '{"slug": "crew", "description": null, "io_logging_sampling_rate": 0.5}')
    changed = workspaces.update(acme.accounts, acme.actor, "team", changes, clock=acme.clock)
    assert (changed.slug, changed.description, changed.disabled_server_tools) == ("crew", None, ("web",))
    assert workspaces.get(acme.accounts, acme.id, "crew") == changed
    assert changed.id == made.id
    with pytest.raises(BadRequest):
        workspaces.update(acme.accounts, acme.actor, "crew", WorkspacePatch(slug="default"), clock=acme.clock)


def test_a_workspace_with_an_active_key_is_not_deleted_and_neither_is_anything_in_it(acme):
    made = acme.workspace("team")
    guardrail, key = acme.guardrail(workspace_id=made.id), acme.key(workspace_id=made.id)
    epoch = acme.accounts.epoch()
    with pytest.raises(BadRequest):
        delete(acme, "team")
    assert guardrails.get(acme.accounts, acme.id, guardrail.id) == guardrail
    assert acme.accounts.caller(key.hash).workspace == made
    assert acme.accounts.epoch() == epoch


def test_a_deleted_workspace_takes_all_it_owns_along_and_leaves_dead_keys_without_one(acme):
    made = acme.workspace("team")
    acme.member("alice")
    workspace_members.add(
        acme.accounts, acme.actor, "team", workspace_members.UserIds(user_ids=["alice"]), **acme.making
    )
    limit = budgets.BudgetPut(limit_usd=5)
    budgets.put(acme.accounts, acme.actor, "team", "daily", limit, **acme.making)
    acme.patch_guardrail(default_guardrail_id(made.id))
    guardrail = acme.guardrail(workspace_id=made.id)
    elsewhere, dead = acme.key("elsewhere"), acme.key("dead", workspace_id=made.id)
    acme.assign(guardrail, elsewhere.hash, dead.hash)
    keys.update(acme.accounts, acme.actor, dead.hash, KeyPatch(disabled=True), clock=acme.clock)
    delete(acme, "team")
    assert acme.accounts.caller(elsewhere.hash).key_guardrail is None
    gone = acme.accounts.caller(dead.hash)
    assert (gone.workspace, gone.key.workspace_id, gone.key_guardrail) == (None, None, None)
    assert guardrails.list_guardrails(acme.accounts, acme.id).total_count == 0
    assert assignments.list_keys(acme.accounts, acme.id).total_count == 0
    with acme.accounts.read() as store:
        assert (store.budgets.count(acme.id), store.workspace_members.count(acme.id)) == (0, 0)
    with pytest.raises(NotFound):
        delete(acme, "team")
    back = keys.update(
        acme.accounts,
        acme.actor,
        dead.hash,
        msgspec.convert({"workspace_id": acme.default_workspace, "disabled": False}, KeyPatch),
        clock=acme.clock,
    )
    assert back.key.workspace_id == acme.default_workspace


def test_the_default_workspace_is_deleted_only_when_that_is_confirmed(acme):
    with pytest.raises(BadRequest):
        delete(acme, "default")
    delete(acme, "default", confirm_default=True)
    with pytest.raises(NotFound):
        keys.list_keys(acme.accounts, acme.id, clock=acme.clock)
    with pytest.raises(BadRequest):
        acme.key()


def test_budgets_must_strictly_shrink_with_their_interval(acme):
    put(acme, "monthly", 500)
    for too_much in (600, 500):
        with pytest.raises(BadRequest) as refused:
            put(acme, "weekly", too_much)
    assert refused.value.message == (
        "Budget limits must be strictly decreasing as scope narrows: "
        "the monthly limit ($500) must be greater than the weekly limit ($500)."
    )
    put(acme, "weekly", 499)
    with pytest.raises(BadRequest):
        put(acme, "lifetime", 500)
    with pytest.raises(BadRequest):
        put(acme, "monthly", 499)
    with pytest.raises(BadRequest):
        put(acme, "daily", 499)
    assert put(acme, "lifetime", 500.5).data.limit_usd == Decimal("500.5")
    listed = budgets.list_budgets(acme.accounts, acme.id, "default")
    assert [(row.interval, str(row.limit_usd)) for row in listed.data] == [
        ("weekly", "499"),
        ("monthly", "500"),
        ("lifetime", "500.5"),
    ]


def test_a_budget_is_set_again_in_place_and_the_flag_is_the_workspaces(acme):
    first = put(acme, "daily", 5, include_byok_in_budgets=True)
    again = put(acme, "daily", 6)
    assert (again.data.id, again.data.created_at) == (first.data.id, first.data.created_at)
    assert again.data.updated_at > first.data.updated_at
    assert again.include_byok_in_budgets is True
    assert budgets.get(acme.accounts, acme.id, acme.default_workspace, "daily") == again


def test_a_budget_that_is_absent_is_not_found_and_may_be_deleted_all_the_same(acme):
    put(acme, "daily", 5)
    for _ in range(2):
        budgets.delete(acme.accounts, acme.actor, "default", "daily", clock=acme.clock)
    with pytest.raises(NotFound):
        budgets.get(acme.accounts, acme.id, "default", "daily")
    with pytest.raises(BadRequest):
        budgets.get(acme.accounts, acme.id, "default", "yearly")
    with pytest.raises(NotFound):
        budgets.delete(acme.accounts, acme.actor, NOWHERE, "daily", clock=acme.clock)
