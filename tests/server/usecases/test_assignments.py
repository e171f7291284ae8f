"""Keys and members under guardrails (spec 5.7, cases 57 and 58)."""

import hashlib

import pytest

from tests.tenants import NOWHERE, Tenant, tenant
from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import assignments, guardrails, members
from trunkline.server.usecases.bodies import Paging


def unassign(acme: Tenant, guardrail_id: str, *hashes: str) -> int:
    named = assignments.KeyHashes(key_hashes=list(hashes))
    return assignments.unassign_keys(acme.accounts, acme.actor, guardrail_id, named, clock=acme.clock)


def under(acme: Tenant, guardrail_id: str | None = None) -> list[str]:
    page = assignments.list_keys(acme.accounts, acme.id, guardrail_id)
    assert page.total_count == len(page.data)
    return [view.assignment.key_hash for view in page.data]


def test_a_second_guardrail_replaces_the_first_silently(acme):
    key, first, second = acme.key(), acme.guardrail("first"), acme.guardrail("second")
    assert acme.assign(first, key.hash) == 1
    assert acme.assign(second, key.hash) == 1
    assert under(acme, first.id) == []
    assert under(acme, second.id) == under(acme) == [key.hash]
    assert acme.accounts.caller(key.hash).key_guardrail == second


def test_the_count_is_of_distinct_keys_of_this_account_that_are_under_it_now(acme, other):
    mine, guardrail = [acme.key(f"k{number}") for number in range(3)], acme.guardrail()
    management = hashlib.sha256(acme.management_key.encode()).hexdigest()
    acme.assign(guardrail, mine[0].hash)
    named = [mine[0].hash, mine[1].hash, mine[1].hash, other.key().hash, management, "unknown", "\0"]
    assert acme.assign(guardrail, *named) == 2
    assert sorted(under(acme)) == sorted(key.hash for key in mine[:2])
    assert acme.assign(guardrail, "unknown") == 0


def test_assigning_again_changes_nothing(acme):
    key, guardrail = acme.key(), acme.guardrail()
    acme.assign(guardrail, key.hash)
    before, epoch = assignments.list_keys(acme.accounts, acme.id), acme.accounts.epoch()
    assert acme.assign(guardrail, key.hash) == 1
    assert (assignments.list_keys(acme.accounts, acme.id), acme.accounts.epoch()) == (before, epoch)


def test_what_another_guardrail_holds_is_not_taken_away(acme):
    one, two, first, second = acme.key("one"), acme.key("two"), acme.guardrail("first"), acme.guardrail("second")
    acme.assign(first, one.hash)
    acme.assign(second, two.hash)
    assert unassign(acme, first.id, one.hash, one.hash, two.hash, "unknown") == 1
    assert unassign(acme, first.id, one.hash) == 0
    assert under(acme) == [two.hash]


def test_a_thousand_keys_are_assigned_at_once(acme):
    keys = [acme.key(f"k{number}").hash for number in range(20)]
    unknown = [f"{number:064x}" for number in range(1200)]
    guardrail = acme.guardrail()
    assert acme.assign(guardrail, *unknown[:700], *keys, *unknown[700:]) == 20
    assert unassign(acme, guardrail.id, *unknown, *keys) == 20


def test_a_list_shows_names_and_pages_newest_first(acme):
    guardrail = acme.guardrail()
    for number in range(4):
        acme.assign(guardrail, acme.key(f"k{number}").hash)
    page = assignments.list_keys(acme.accounts, acme.id, guardrail.id, Paging(1, 2))
    assert ([view.key_name for view in page.data], page.total_count) == (["k2", "k1"], 4)
    assert page.data[0].key_label.startswith("sk-or-v1-")


def test_a_default_guardrail_is_not_assigned(acme):
    default = acme.patch_guardrail(default_guardrail_id(acme.default_workspace))
    with pytest.raises(BadRequest):
        acme.assign(default, acme.key().hash)
    acme.member("alice")
    with pytest.raises(BadRequest):
        acme.assign_members(default, "alice")
    assert under(acme) == []


def test_a_member_guardrail_follows_every_key_of_the_member_beside_the_keys_own(acme):
    acme.member("alice")
    there = acme.workspace("there")
    acme.member("boss", role="org:admin")
    of_member, of_key = acme.guardrail("of member"), acme.guardrail("of key")
    keys = [acme.key("a", creator_user_id="alice"), acme.key("b", creator_user_id="alice"), acme.key("system")]
    bosss = acme.key("c", creator_user_id="boss", workspace_id=there.id)
    assert acme.assign_members(of_member, "alice", "alice", "boss", "nobody") == 2
    acme.assign(of_key, keys[0].hash)
    callers = [acme.accounts.caller(key.hash) for key in (*keys, bosss)]
    assert [each.member_guardrail for each in callers] == [of_member, of_member, None, of_member]
    assert [each.key_guardrail for each in callers] == [of_key, None, None, None]
    page = assignments.list_members(acme.accounts, acme.id, of_member.id)
    assert {(row.user_id, row.organization_id) for row in page.data} == {("alice", acme.id), ("boss", acme.id)}


def test_a_personal_account_has_no_members_to_assign(database, items):
    alone = tenant(database, items, "alone", AccountKind.PERSONAL)
    assert alone.assign_members(alone.guardrail(), "me") == 0


def test_assignments_go_with_their_guardrail_and_their_member(acme):
    acme.member("alice")
    key, guardrail = acme.key(creator_user_id="alice"), acme.guardrail()
    acme.assign(guardrail, key.hash)
    acme.assign_members(guardrail, "alice")
    guardrails.delete(acme.accounts, acme.actor, guardrail.id, clock=acme.clock)
    assert under(acme) == []
    assert assignments.list_members(acme.accounts, acme.id).total_count == 0
    acme.assign_members(acme.guardrail(), "alice")
    members.remove(acme.accounts, acme.actor, "alice", clock=acme.clock, disable_keys=True)
    assert assignments.list_members(acme.accounts, acme.id).total_count == 0
    caller = acme.accounts.caller(key.hash)
    assert (caller.member_guardrail, caller.key.disabled) == (None, True)


def test_an_unknown_guardrail_is_not_found(acme):
    ids = assignments.MemberIds(member_user_ids=["alice"])
    for act in (
        lambda: unassign(acme, NOWHERE, "x"),
        lambda: under(acme, NOWHERE),
        lambda: assignments.list_members(acme.accounts, acme.id, NOWHERE),
        lambda: assignments.unassign_members(acme.accounts, acme.actor, NOWHERE, ids, clock=acme.clock),
    ):
        with pytest.raises(NotFound):
            act()
