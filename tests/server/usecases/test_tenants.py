"""Two tenants on every id: what one account owns is to another as if it were not there."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.tenants import Tenant
from trunkline.server.adapters.providers.vault import Vault
from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import (
    accounts,
    assignments,
    audit,
    budgets,
    byok,
    guardrails,
    keys,
    members,
    workspace_members,
    workspaces,
)
from trunkline.server.usecases.assignments import KeyHashes, MemberIds
from trunkline.server.usecases.budgets import BudgetPut
from trunkline.server.usecases.byok import ByokPatch
from trunkline.server.usecases.keys import KeyPatch
from trunkline.server.usecases.members import MemberPatch
from trunkline.server.usecases.workspace_members import UserIds
from trunkline.server.usecases.workspaces import WorkspacePatch


class Owned:
    """One of everything that an account can own."""

    def __init__(self, owner: Tenant) -> None:
        self.workspace = owner.workspace("secret-team").id
        self.member = owner.member("their-alice").id
        self.guardrail = owner.guardrail(workspace_id=self.workspace).id
        self.default_guardrail = owner.patch_guardrail(default_guardrail_id(self.workspace)).id
        self.unmade_guardrail = default_guardrail_id(owner.default_workspace)
        named = UserIds(user_ids=[self.member])
        workspace_members.add(owner.accounts, owner.actor, "secret-team", named, **owner.making)
        self.key = owner.key(workspace_id=self.workspace, creator_user_id=self.member).hash
        budgets.put(owner.accounts, owner.actor, self.workspace, "daily", BudgetPut(limit_usd=5), **owner.making)
        owner.assign(owner.guardrail(), self.key)
        owner.assign_members(owner.guardrail(), self.member)
        self.byok = owner.byok("openai", workspace_id=self.workspace).id
        self.management_key = accounts.management_keys(owner.accounts, owner.id)[0].hash


Act = Callable[[Tenant, Owned], Any]


def writes(function: Callable[..., Any], *arguments: Callable[[Owned], Any], making: bool = False) -> Act:
    """Return the call of a use case that changes, by one tenant with the other's ids."""

    def act(me: Tenant, theirs: Owned) -> Any:
        more = me.making if making else {"clock": me.clock}
        return function(me.accounts, me.actor, *(each(theirs) for each in arguments), **more)

    return act


def reads(function: Callable[..., Any], *arguments: Callable[[Owned], Any], **more: Any) -> Act:
    return lambda me, theirs: function(me.accounts, me.id, *(each(theirs) for each in arguments), **more)


def their(name: str) -> Callable[[Owned], Any]:
    return lambda owned: getattr(owned, name)


def fixed(value: Any) -> Callable[[Owned], Any]:
    return lambda _: value


NOT_FOUND: dict[str, Act] = {
    "get a key": reads(keys.get, their("key"), clock=lambda: 0.0),
    "change a key": writes(keys.update, their("key"), fixed(KeyPatch(disabled=True))),
    "delete a key": writes(keys.delete, their("key")),
    "list a workspace's keys": lambda me, theirs: keys.list_keys(
        me.accounts, me.id, clock=me.clock, workspace_id=UUID(theirs.workspace)
    ),
    "make a key in a workspace": lambda me, theirs: me.key(workspace_id=theirs.workspace),
    "move a key to a workspace": lambda me, theirs: keys.update(
        me.accounts, me.actor, me.key().hash, KeyPatch(workspace_id=UUID(theirs.workspace)), clock=me.clock
    ),
    "get a guardrail": reads(guardrails.get, their("guardrail")),
    "change a guardrail": lambda me, theirs: me.patch_guardrail(theirs.guardrail, description="mine"),
    "change a default guardrail": lambda me, theirs: me.patch_guardrail(theirs.default_guardrail),
    "make a default guardrail": lambda me, theirs: me.patch_guardrail(theirs.unmade_guardrail),
    "delete a guardrail": writes(guardrails.delete, their("guardrail")),
    "list a guardrail's keys": reads(assignments.list_keys, their("guardrail")),
    "list a guardrail's members": reads(assignments.list_members, their("guardrail")),
    "assign keys": writes(assignments.assign_keys, their("guardrail"), fixed(KeyHashes(key_hashes=["x"])), making=True),
    "unassign keys": writes(assignments.unassign_keys, their("guardrail"), fixed(KeyHashes(key_hashes=["x"]))),
    "assign members": writes(
        assignments.assign_members, their("guardrail"), fixed(MemberIds(member_user_ids=["x"])), making=True
    ),
    "unassign members": writes(
        assignments.unassign_members, their("guardrail"), fixed(MemberIds(member_user_ids=["x"]))
    ),
    "get a workspace": reads(workspaces.get, their("workspace")),
    "get a workspace by slug": reads(workspaces.get, fixed("secret-team")),
    "change a workspace": writes(workspaces.update, their("workspace"), fixed(WorkspacePatch(name="mine"))),
    "delete a workspace": writes(workspaces.delete, their("workspace")),
    "list budgets": reads(budgets.list_budgets, their("workspace")),
    "get a budget": reads(budgets.get, their("workspace"), fixed("daily")),
    "set a budget": writes(budgets.put, their("workspace"), fixed("daily"), fixed(BudgetPut(limit_usd=1)), making=True),
    "delete a budget": writes(budgets.delete, their("workspace"), fixed("daily")),
    "list a workspace's members": reads(workspace_members.list_members, their("workspace")),
    "add workspace members": writes(
        workspace_members.add, their("workspace"), fixed(UserIds(user_ids=["x"])), making=True
    ),
    "remove workspace members": writes(workspace_members.remove, their("workspace"), fixed(UserIds(user_ids=["x"]))),
    "change a member": writes(members.update, their("member"), fixed(MemberPatch(first_name="mine"))),
    "remove a member": writes(members.remove, their("member")),
    "get a credential": reads(byok.get, their("byok")),
    "change a credential": lambda me, theirs: byok.update(
        me.accounts,
        me.actor,
        theirs.byok,
        ByokPatch(disabled=True),
        clock=me.clock,
        vault=Vault(lambda: bytes(32)),
        catalogued=me.catalogued,
    ),
    "list a workspace's credentials": lambda me, theirs: byok.list_credentials(
        me.accounts, me.id, workspace_id=theirs.workspace
    ),
    "delete a credential": writes(byok.delete, their("byok")),
    "revoke a management key": writes(accounts.revoke_management_key, their("management_key")),
}


def everything(owner: Tenant) -> list[object]:
    """Return all rows of an account."""
    with owner.accounts.read() as store:
        nouns = (
            store.members,
            store.keys,
            store.workspaces,
            store.workspace_members,
            store.budgets,
            store.guardrails,
            store.key_assignments,
            store.member_assignments,
            store.byok,
        )
        return [store.accounts.get(owner.id), *(row for noun in nouns for row in noun.page(owner.id))]


@pytest.fixture
def theirs(other: Tenant) -> Owned:
    return Owned(other)


def test_what_another_account_owns_is_not_found_and_stays_as_it_is(acme, other, theirs):
    before, trail = everything(other), audit.entries(other.accounts, other.id)
    for name, act in NOT_FOUND.items():
        with pytest.raises(NotFound):
            print(name, act(acme, theirs))
    assert everything(other) == before
    assert audit.entries(other.accounts, other.id) == trail


def test_the_same_acts_succeed_for_the_owner_so_that_they_fail_for_the_right_reason(other, theirs):
    destructive = ("delete", "remove", "revoke", "change a default", "make a default")
    for name, act in NOT_FOUND.items():
        if not name.startswith(destructive) and name not in ("add workspace members", "list a workspace's keys"):
            act(other, theirs)


def test_a_guardrail_cannot_be_placed_in_anothers_workspace(acme, theirs):
    with pytest.raises(BadRequest):
        acme.guardrail(workspace_id=theirs.workspace)


def test_anothers_keys_and_members_are_passed_over_and_keep_their_guardrails(acme, other, theirs):
    before, mine = everything(other), acme.guardrail()
    assert acme.assign(mine, theirs.key, theirs.management_key) == 0
    assert acme.assign_members(mine, theirs.member) == 0
    assert everything(other) == before


def test_anothers_member_neither_makes_keys_nor_joins(acme, theirs):
    acme.workspace("team")
    with pytest.raises(BadRequest):
        acme.key(creator_user_id=theirs.member)
    named = UserIds(user_ids=[theirs.member])
    with pytest.raises(BadRequest):
        workspace_members.add(acme.accounts, acme.actor, "team", named, **acme.making)
    with pytest.raises(BadRequest):
        workspace_members.remove(acme.accounts, acme.actor, "team", named, clock=acme.clock)


def test_lists_and_the_trail_hold_ones_own_only(acme, other, theirs):
    mine = acme.key("mine")
    listed = keys.list_keys(acme.accounts, acme.id, clock=acme.clock)
    assert [view.key for view in listed] == [mine]
    assert guardrails.list_guardrails(acme.accounts, acme.id).data == []
    assert guardrails.list_guardrails(acme.accounts, acme.id, workspace_id=theirs.workspace).data == []
    assert assignments.list_keys(acme.accounts, acme.id).data == []
    assert assignments.list_members(acme.accounts, acme.id).data == []
    assert members.list_members(acme.accounts, acme.id).data == []
    assert {entry.actor.account_id for entry in audit.entries(acme.accounts, acme.id)} == {acme.id}
    everyones = {entry.actor.account_id for entry in audit.entries(acme.accounts, None)}
    assert everyones == {acme.id, other.id}


def test_a_change_cannot_write_outside_its_actors_account_whatever_a_use_case_gets_wrong(acme, other):
    key, guardrail = other.key(), other.guardrail()
    with pytest.raises(ValueError, match="its actor's account"), acme.accounts.change(acme.actor, acme.clock) as tx:
        tx.keys.remove(other.id, key.hash)
    with pytest.raises(ValueError, match="another account"), acme.accounts.change(acme.actor, acme.clock) as tx:
        tx.guardrails.add(acme.id, guardrail)
