"""Members of organisations and of workspaces (spec 1.7, 5.10)."""

import pytest

from tests.tenants import Tenant, tenant
from trunkline.server.domain.policy.account import AccountKind, Role
from trunkline.server.errors import BadRequest, Conflict, NotFound
from trunkline.server.usecases import keys, members, workspace_members
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.keys import KeyPatch
from trunkline.server.usecases.members import MemberPatch


def add(acme: Tenant, slug: str, *user_ids: str):
    named = workspace_members.UserIds(user_ids=list(user_ids))
    return workspace_members.add(acme.accounts, acme.actor, slug, named, **acme.making)


def remove(acme: Tenant, slug: str, *user_ids: str) -> int:
    named = workspace_members.UserIds(user_ids=list(user_ids))
    return workspace_members.remove(acme.accounts, acme.actor, slug, named, clock=acme.clock)


def listed(acme: Tenant, slug: str) -> list[tuple[str, str]]:
    page = workspace_members.list_members(acme.accounts, acme.id, slug)
    return [(row.user_id, row.role) for row in page.data]


def test_members_are_listed_newest_first_and_a_personal_account_has_no_list(acme, database, items):
    for name in ("alice", "bob", "carol"):
        acme.member(name, first_name=name.title())
    page = members.list_members(acme.accounts, acme.id, Paging(1, 1))
    assert ([row.first_name for row in page.data], page.total_count) == (["Bob"], 3)
    alone = tenant(database, items, "alone", AccountKind.PERSONAL)
    with pytest.raises(NotFound):
        members.list_members(alone.accounts, alone.id)
    with pytest.raises(NotFound):
        alone.member("me")


def test_an_id_or_address_is_taken_once_in_an_account_but_free_in_another(acme, other):
    acme.member("alice")
    with pytest.raises(Conflict):
        acme.member("alice", email="new@example.com")
    with pytest.raises(Conflict):
        acme.member("alicia", email="alice@example.com")
    assert other.member("alice").account_id == other.id


def test_everybody_is_in_the_default_workspace_and_nobody_is_added_or_removed_there(acme):
    acme.member("alice")
    acme.member("boss", role="org:admin")
    assert listed(acme, "default") == [("boss", "admin"), ("alice", "member")]
    for act in (add, remove):
        with pytest.raises(BadRequest):
            act(acme, "default", "alice")


def test_members_join_in_their_role_and_joining_again_is_counted_too(acme):
    acme.member("alice")
    acme.member("boss", role="org:admin")
    acme.workspace("team")
    assert [row.role for row in add(acme, "team", "alice", "boss", "alice")] == ["member", "admin"]
    first = add(acme, "team", "alice")
    assert add(acme, "team", "alice") == first
    members.update(acme.accounts, acme.actor, "alice", MemberPatch(role=Role.ADMIN), clock=acme.clock)
    assert sorted(listed(acme, "team")) == [("alice", "admin"), ("boss", "admin")]


def test_adding_and_removing_is_all_or_nothing(acme):
    acme.member("alice")
    acme.member("bob")
    acme.workspace("team")
    with pytest.raises(BadRequest):
        add(acme, "team", "alice", "stranger")
    assert listed(acme, "team") == []
    add(acme, "team", "alice", "bob")
    made = acme.workspace("crew")
    add(acme, "crew", "alice", "bob")
    key = acme.key(creator_user_id="alice", workspace_id=made.id)
    with pytest.raises(BadRequest) as refused:
        remove(acme, "crew", "bob", "alice")
    assert [issue.path for issue in refused.value.issues] == ["user_ids[1]"]
    assert len(listed(acme, "crew")) == 2
    assert remove(acme, "team", "alice", "bob") == 2
    assert remove(acme, "team", "alice") == 0
    keys.update(acme.accounts, acme.actor, key.hash, KeyPatch(disabled=True), clock=acme.clock)
    assert remove(acme, "crew", "alice") == 1
    with pytest.raises(BadRequest):
        remove(acme, "crew", "stranger")


def test_a_member_with_active_keys_leaves_only_with_these_disabled_for_good(acme):
    acme.member("alice")
    acme.workspace("team")
    add(acme, "team", "alice")
    key = acme.key(creator_user_id="alice")
    with pytest.raises(BadRequest):
        members.remove(acme.accounts, acme.actor, "alice", clock=acme.clock)
    members.remove(acme.accounts, acme.actor, "alice", clock=acme.clock, disable_keys=True)
    caller = acme.accounts.caller(key.hash)
    assert (caller.key.disabled, caller.key.creator_user_id, caller.member) == (True, "alice", None)
    assert listed(acme, "team") == []
    with pytest.raises(BadRequest):
        keys.update(acme.accounts, acme.actor, key.hash, KeyPatch(disabled=False), clock=acme.clock)
    with pytest.raises(NotFound):
        members.remove(acme.accounts, acme.actor, "alice", clock=acme.clock)
