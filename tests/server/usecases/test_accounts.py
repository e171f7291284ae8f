"""Accounts: the first start, what an account restricts, management keys (spec 5.3)."""

import os
import subprocess
import sys

import pytest

from tests.tenants import NOWHERE, Clock, Tenant, tenant
from trunkline.server.domain.policy import key as form
from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.errors import BadRequest, NotFound, SettingsError
from trunkline.server.usecases import accounts
from trunkline.server.usecases.accounts import AccountPatch, SettingsPatch

CHILD = """
import sys, time, secrets
from trunkline.server.adapters.store.database import open_database
from trunkline.server.usecases.accounts import bootstrap
database = open_database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
made = bootstrap(database.accounts, clock=time.time, entropy=secrets.token_bytes)
print("made" if made else "found")
database.close()
"""


def update(acme: Tenant, **fields: object):
    changes = AccountPatch(**fields)
    return accounts.update(acme.accounts, acme.actor, changes, clock=acme.clock, catalogued=acme.catalogued)


def test_the_first_start_makes_an_account_with_a_workspace_and_a_key_that_is_kept_nowhere(database):
    made = accounts.bootstrap(database.accounts, clock=Clock(), entropy=os.urandom)
    caller = database.accounts.caller(form.digest(made.text))
    assert (caller.account, caller.key, caller.workspace) == (made.account, made.management_key, None)
    assert caller.key.is_management
    with database.accounts.read() as store:
        assert [each.slug for each in store.workspaces.page(made.account.id)] == ["default"]
    assert accounts.bootstrap(database.accounts, clock=Clock(), entropy=os.urandom) is None


def test_the_operators_own_key_is_taken_if_it_has_the_form_of_one(database):
    for bad in ("", "secret", "sk-or-v1-" + "g" * 64, "sk-or-v1-" + "a" * 63, "sk-or-v1-" + "a" * 64 + "\n"):
        with pytest.raises(SettingsError) as refused:
            accounts.bootstrap(database.accounts, clock=Clock(), entropy=os.urandom, management_key=bad)
        assert not bad or bad not in refused.value.message
    assert accounts.list_accounts(database.accounts) == []
    text = form.form(os.urandom(32))
    accounts.bootstrap(database.accounts, clock=Clock(), entropy=os.urandom, management_key=text)
    assert database.accounts.caller(form.digest(text)).key.is_management


def test_of_processes_that_start_at_once_one_makes_the_account(database, location):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, location], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for each in children:
        assert each.stdout.readline() == "ready\n"
    for each in children:
        each.stdin.write("go\n")
        each.stdin.flush()
    assert sorted(each.communicate(timeout=30)[0] for each in children) == ["found\n", "found\n", "made\n"]
    assert len(accounts.list_accounts(database.accounts)) == 1


def test_what_an_account_restricts_is_its_keys_first_layer_at_once(acme):
    key = acme.key()
    update(acme, allowed_providers=["azure", "openai"], enforce_zdr=True, enforce_zdr_google=None, regions=["eu"])
    changed = update(acme, allowed_providers=None, ignored_models=["openrouter/auto", "openai/gpt-4"])
    assert acme.accounts.caller(key.hash).account == changed
    restrictions = changed.restrictions
    assert (restrictions.allowed_providers, changed.regions) == (None, ("eu",))
    assert restrictions.ignored_models == ("openrouter/auto", "openai/gpt-4-0613")
    assert (restrictions.enforce_zdr_openai, restrictions.enforce_zdr_google) == (True, None)
    assert update(acme, regions=None, name="n").regions is None
    with pytest.raises(BadRequest):
        update(acme, allowed_models=["openrouter/auto"])


def test_settings_are_an_organizations(acme, database, items):
    assert accounts.settings(acme.accounts, acme.id).is_filtered_model_catalog_enabled is False
    on = SettingsPatch(is_filtered_model_catalog_enabled=True)
    accounts.change_settings(acme.accounts, acme.actor, on, clock=acme.clock)
    assert accounts.settings(acme.accounts, acme.id).is_filtered_model_catalog_enabled is True
    alone = tenant(database, items, "alone", AccountKind.PERSONAL)
    with pytest.raises(NotFound):
        accounts.settings(alone.accounts, alone.id)
    with pytest.raises(NotFound):
        accounts.change_settings(alone.accounts, alone.actor, on, clock=alone.clock)


def test_an_organization_with_members_does_not_become_personal(acme):
    acme.member("alice")
    with pytest.raises(BadRequest):
        update(acme, kind=AccountKind.PERSONAL)


def test_management_keys_are_made_listed_and_revoked(acme):
    acme.member("boss", role="org:admin")
    made, text = accounts.create_management_key(
        acme.accounts, acme.actor, "second", creator_user_id="boss", **acme.making
    )
    assert [each.name for each in accounts.management_keys(acme.accounts, acme.id)] == ["second", "Management key"]
    assert acme.accounts.caller(form.digest(text)).member.id == "boss"
    accounts.revoke_management_key(acme.accounts, acme.actor, made.hash, clock=acme.clock)
    assert acme.accounts.caller(made.hash) is None
    with pytest.raises(NotFound):
        accounts.revoke_management_key(acme.accounts, acme.actor, made.hash, clock=acme.clock)
    with pytest.raises(NotFound):
        accounts.revoke_management_key(acme.accounts, acme.actor, acme.key().hash, clock=acme.clock)
    with pytest.raises(BadRequest):
        accounts.create_management_key(acme.accounts, acme.actor, "k", creator_user_id="stranger", **acme.making)


def test_no_account_no_change(database, items):
    nobody = Tenant(database, NOWHERE, items)
    with pytest.raises(NotFound):
        update(nobody, name="n")
    with pytest.raises(NotFound):
        accounts.create_management_key(nobody.accounts, nobody.actor, "k", **nobody.making)
