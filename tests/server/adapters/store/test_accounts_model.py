"""Keys, guardrails, members and assignments beside the simplest thing that could be right: dictionaries."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from tests.postgres import Server
from tests.tenants import Tenant, tenant
from trunkline.server.adapters.store.database import open_database
from trunkline.server.domain.policy.guardrail import Guardrail, default_guardrail_id
from trunkline.server.domain.policy.key import Key
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import assignments, guardrails, keys, members, workspaces
from trunkline.server.usecases.keys import KeyPatch

PEOPLE = ("alice", "bob")
providers = st.lists(st.sampled_from(["azure", "openai", "deepinfra"]), min_size=1, max_size=3, unique=True)


class Anything:
    """Takes every model and provider: what the catalogue knows is not this test's matter."""

    def models(self, items, path, *, routers=False):
        return tuple(items)

    providers = models


@dataclass
class Expected:
    """What one account should own; `of_key` and `of_member` map to guardrails."""

    keys: dict[str, Key] = field(default_factory=dict)
    guardrails: dict[str, Guardrail] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    workspaces: set[str] = field(default_factory=set)
    of_key: dict[str, str] = field(default_factory=dict)
    of_member: dict[str, str] = field(default_factory=dict)

    def drop_guardrail(self, guardrail_id: str) -> None:
        self.guardrails.pop(guardrail_id)
        self.of_key = {key: of for key, of in self.of_key.items() if of != guardrail_id}
        self.of_member = {member: of for member, of in self.of_member.items() if of != guardrail_id}


class AccountsMachine(RuleBasedStateMachine):
    """Two tenants do anything with any id, their own and the other's; every caller must come out as expected."""

    key_hashes = Bundle("keys")
    guardrail_ids = Bundle("guardrails")
    workspace_slugs = Bundle("workspaces")
    sides = st.integers(0, 1)

    def create(self) -> str:
        return str(Path(tempfile.mkdtemp()) / "trunkline.db")

    def drop(self) -> None:
        shutil.rmtree(Path(self.location).parent)

    def __init__(self) -> None:
        super().__init__()
        self.location = self.create()
        self.database = open_database(self.location)
        self.tenants: list[Tenant] = [tenant(self.database, Anything(), name) for name in ("one", "two")]
        self.expected = [Expected(workspaces={each.default_workspace}) for each in self.tenants]
        self.epoch = self.database.accounts.epoch()

    @initialize(target=key_hashes, side=sides)
    def begin_with_a_member_under_a_guardrail(self, side):
        self.add_or_remove_member(side, PEOPLE[0])
        self.assign_member(side, self.make_guardrail(side, ["azure"]), PEOPLE[0])
        return self.make_key(side, PEOPLE[0])

    @rule(target=key_hashes, side=sides, creator=st.sampled_from([None, *PEOPLE]))
    def make_key(self, side, creator):
        me, mine = self.tenants[side], self.expected[side]
        fields = {} if creator is None or creator not in mine.members else {"creator_user_id": creator}
        if me.default_workspace not in mine.workspaces:
            return multiple()
        made = me.key(**fields)
        mine.keys[made.hash] = made
        return made.hash

    @rule(side=sides, key=key_hashes, disabled=st.booleans())
    def switch_key(self, side, key, disabled):
        me, mine = self.tenants[side], self.expected[side]
        try:
            patch = KeyPatch(disabled=disabled)
            changed = keys.update(me.accounts, me.actor, key, patch, clock=me.clock).key
        except NotFound:
            assert key not in mine.keys
        except BadRequest:
            assert mine.keys[key].creator_user_id not in mine.members
        else:
            assert changed.disabled is disabled
            mine.keys[key] = changed

    @rule(side=sides, key=consumes(key_hashes))
    def delete_key(self, side, key):
        me, mine = self.tenants[side], self.expected[side]
        try:
            keys.delete(me.accounts, me.actor, key, clock=me.clock)
        except NotFound:
            assert key not in mine.keys
        else:
            mine.keys.pop(key)
            mine.of_key.pop(key, None)

    @rule(target=workspace_slugs, side=sides, number=st.integers(0, 2))
    def make_workspace(self, side, number):
        me, mine = self.tenants[side], self.expected[side]
        try:
            made = me.workspace(f"team-{number}")
        except BadRequest:
            return multiple()
        mine.workspaces.add(made.id)
        return made.id

    @rule(side=sides, key=key_hashes, workspace=workspace_slugs)
    def move_key(self, side, key, workspace):
        me, mine = self.tenants[side], self.expected[side]
        try:
            patch = keys.KeyPatch(workspace_id=workspace)
            changed = keys.update(me.accounts, me.actor, key, patch, clock=me.clock).key
        except NotFound:
            assert key not in mine.keys or workspace not in mine.workspaces
        except BadRequest:  # its creator does not work there
            assert mine.keys[key].creator_user_id is not None
        else:
            mine.keys[key] = changed

    @rule(side=sides, workspace=consumes(workspace_slugs))
    def delete_workspace(self, side, workspace):
        me, mine = self.tenants[side], self.expected[side]
        inside = {hash_: key for hash_, key in mine.keys.items() if key.workspace_id == workspace}
        try:
            workspaces.delete(me.accounts, me.actor, workspace, clock=me.clock)
        except NotFound:
            assert workspace not in mine.workspaces
        except BadRequest:
            assert any(not key.disabled for key in inside.values())
        else:
            mine.workspaces.remove(workspace)
            for hash_ in inside:
                mine.keys[hash_] = me.accounts.caller(hash_).key
                assert mine.keys[hash_].workspace_id is None
            placed = [each.id for each in mine.guardrails.values() if each.workspace_id == workspace]
            for guardrail_id in placed:
                mine.drop_guardrail(guardrail_id)

    @rule(target=guardrail_ids, side=sides, allowed=providers)
    def make_guardrail(self, side, allowed):
        me, mine = self.tenants[side], self.expected[side]
        made = me.guardrail(allowed_providers=allowed)
        mine.guardrails[made.id] = made
        return made.id

    @rule(side=sides, allowed=providers)
    def change_default_guardrail(self, side, allowed):
        me, mine = self.tenants[side], self.expected[side]
        made = me.patch_guardrail(default_guardrail_id(me.default_workspace), allowed_providers=allowed)
        mine.guardrails[made.id] = made

    @rule(side=sides, guardrail=guardrail_ids, allowed=providers)
    def change_guardrail(self, side, guardrail, allowed):
        me, mine = self.tenants[side], self.expected[side]
        try:
            mine.guardrails[guardrail] = me.patch_guardrail(guardrail, allowed_providers=allowed)
        except NotFound:
            assert guardrail not in mine.guardrails

    @rule(side=sides, guardrail=consumes(guardrail_ids))
    def delete_guardrail(self, side, guardrail):
        me, mine = self.tenants[side], self.expected[side]
        try:
            guardrails.delete(me.accounts, me.actor, guardrail, clock=me.clock)
        except NotFound:
            assert guardrail not in mine.guardrails
        else:
            mine.drop_guardrail(guardrail)

    @rule(side=sides, guardrail=guardrail_ids, hashes=st.lists(key_hashes, min_size=1, max_size=4))
    def assign(self, side, guardrail, hashes):
        me, mine = self.tenants[side], self.expected[side]
        known = {hash_ for hash_ in hashes if hash_ in mine.keys}
        if guardrail not in mine.guardrails:
            return
        assert me.assign(mine.guardrails[guardrail], *hashes) == len(known)
        mine.of_key |= dict.fromkeys(known, guardrail)

    @rule(side=sides, guardrail=guardrail_ids, hashes=st.lists(key_hashes, min_size=1, max_size=4))
    def unassign(self, side, guardrail, hashes):
        me, mine = self.tenants[side], self.expected[side]
        held = {hash_ for hash_ in hashes if mine.of_key.get(hash_) == guardrail}
        named = assignments.KeyHashes(key_hashes=hashes)
        try:
            taken = assignments.unassign_keys(me.accounts, me.actor, guardrail, named, clock=me.clock)
        except NotFound:
            assert guardrail not in mine.guardrails
        else:
            assert taken == len(held)
            for hash_ in held:
                mine.of_key.pop(hash_)

    @rule(side=sides, person=st.sampled_from(PEOPLE))
    def add_or_remove_member(self, side, person):
        me, mine = self.tenants[side], self.expected[side]
        if person not in mine.members:
            me.member(person)
            mine.members.add(person)
            return
        members.remove(me.accounts, me.actor, person, clock=me.clock, disable_keys=True)
        mine.members.remove(person)
        mine.of_member.pop(person, None)
        for hash_, key in list(mine.keys.items()):
            if key.creator_user_id == person:
                mine.keys[hash_] = me.accounts.caller(hash_).key
                assert mine.keys[hash_].disabled

    @rule(side=sides, guardrail=guardrail_ids, person=st.sampled_from(PEOPLE))
    def assign_member(self, side, guardrail, person):
        me, mine = self.tenants[side], self.expected[side]
        if guardrail not in mine.guardrails:
            return
        assert me.assign_members(mine.guardrails[guardrail], person) == (person in mine.members)
        if person in mine.members:
            mine.of_member[person] = guardrail

    @invariant()
    def every_caller_is_as_expected(self):
        for me, mine in zip(self.tenants, self.expected, strict=True):
            for hash_, key in mine.keys.items():
                caller = me.accounts.caller(hash_)
                default = key.workspace_id and default_guardrail_id(key.workspace_id)
                assert caller.key == key
                assert caller.account.id == me.id
                assert (caller.workspace is None) == (key.workspace_id is None)
                assert (caller.member is None) == (key.creator_user_id not in mine.members)
                assert caller.default_guardrail == mine.guardrails.get(default)
                assert caller.member_guardrail == mine.guardrails.get(mine.of_member.get(key.creator_user_id))
                assert caller.key_guardrail == mine.guardrails.get(mine.of_key.get(hash_))

    @invariant()
    def the_lists_hold_what_is_expected_and_the_epoch_never_falls(self):
        for me, mine in zip(self.tenants, self.expected, strict=True):
            with me.accounts.read() as store:
                assert {each.id: each for each in store.guardrails.page(me.id)} == mine.guardrails
                assert {each.hash for each in store.keys.page(me.id) if not each.is_management} == set(mine.keys)
                assert {each.id for each in store.workspaces.page(me.id)} == mine.workspaces
                pairs = {each.key_hash: each.guardrail_id for each in store.key_assignments.page(me.id)}
                assert pairs == mine.of_key
                people = {each.user_id: each.guardrail_id for each in store.member_assignments.page(me.id)}
                assert people == mine.of_member
        epoch = self.database.accounts.epoch()
        assert epoch >= self.epoch
        self.epoch = epoch

    def teardown(self):
        self.database.close()
        self.drop()


class ServerMachine(AccountsMachine):
    """The same on PostgreSQL; `postgres` is set by the fixture below."""

    postgres: ClassVar[Server]

    def create(self) -> str:
        return self.postgres.create_prepared()

    def drop(self) -> None:
        self.postgres.drop(self.location)


@pytest.fixture
def server(postgres: Server) -> None:
    ServerMachine.postgres = postgres


LIMITS = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "stateful_step_count": 25}
TestAccounts = AccountsMachine.TestCase
TestAccounts.settings = settings(max_examples=15, **LIMITS)
TestAccountsOnServer = pytest.mark.usefixtures("server")(ServerMachine.TestCase)
TestAccountsOnServer.settings = settings(max_examples=4, **LIMITS)
