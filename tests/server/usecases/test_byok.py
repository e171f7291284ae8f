"""Accounts' own credentials at providers, in stores of both kinds (the API's `/byok`)."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text

from tests.tenants import NOWHERE, Tenant, body
from trunkline.server.adapters.providers.vault import Vault
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import audit, byok, workspaces
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.byok import ByokCreate, ByokPatch

SECRET = "sk-proj-canary-of-an-account-AbCd"
VAULT = Vault(lambda: bytes(range(32)))


def opened(credential) -> str:
    return VAULT.open(credential.sealed, credential.about)


def patched(acme: Tenant, credential_id: str, **fields):
    changes = msgspec.convert(fields, ByokPatch)
    return byok.update(
        acme.accounts, acme.actor, credential_id, changes, clock=acme.clock, vault=VAULT, catalogued=acme.catalogued
    )


def test_a_credential_lives_from_creation_to_deletion_and_is_nowhere_in_the_clear(acme, database):
    made = acme.byok("openai", key=SECRET, name="Production")
    assert (made.provider, made.label, made.sort_order, made.workspace_id) == (
        "openai",
        "sk-...AbCd",
        0,
        acme.default_workspace,
    )
    assert byok.get(acme.accounts, acme.id, made.id.upper()) == made
    assert opened(made) == SECRET
    changed = patched(acme, made.id, name=None, disabled=True, allowed_models=["openai/gpt-4", "openai/gpt-4-0613"])
    assert (changed.name, changed.disabled, changed.allowed_models) == (None, True, ("openai/gpt-4-0613",))
    assert changed.sealed == made.sealed
    declared = patched(acme, made.id, declared_zdr=False, declared_region="europe", is_byok_only=True)
    assert (declared.declared_zdr, declared.declared_region, declared.is_byok_only) == (False, "europe", True)
    with pytest.raises(BadRequest):
        patched(acme, made.id, is_fallback=True)
    patched(acme, made.id, declared_zdr=None, declared_region=None, is_byok_only=False)
    turned = patched(acme, made.id, key="sk-another-canary-of-it-WxYz")
    assert (turned.label, opened(turned)) == ("sk-...WxYz", "sk-another-canary-of-it-WxYz")
    rows = byok.list_credentials(acme.accounts, acme.id)
    assert (rows.data, rows.total_count) == ([turned], 1)
    assert "canary" not in repr(database.engine.connect().execute(text("SELECT * FROM byok")).all())
    byok.delete(acme.accounts, acme.actor, made.id, clock=acme.clock)
    with pytest.raises(NotFound):
        byok.get(acme.accounts, acme.id, made.id)
    with pytest.raises(NotFound):
        byok.delete(acme.accounts, acme.actor, made.id, clock=acme.clock)
    trail = [entry for entry in audit.entries(acme.accounts, acme.id) if entry.noun == "byok"]
    assert [entry.action for entry in trail] == ["delete", *["update"] * 4, "create"]
    assert "canary" not in repr(trail)
    assert turned.sealed not in repr(trail)


def test_several_for_one_provider_are_numbered_as_they_come(acme):
    acme.workspace("team")
    team = workspaces.get(acme.accounts, acme.id, "team").id
    numbers = [acme.byok("openai", name=str(n)).sort_order for n in range(3)]
    assert numbers == [0, 1, 2]
    assert acme.byok("anthropic").sort_order == 0
    assert acme.byok("openai", workspace_id=team).sort_order == 0
    everywhere = acme.byok("openai", everywhere=True)
    assert (everywhere.workspace_id, everywhere.sort_order) == (None, 0)
    listed = byok.list_credentials(acme.accounts, acme.id, Paging(1, 2), provider="openai")
    assert ([row.name for row in listed.data], listed.total_count) == (["2", "1"], 4)
    assert [row.workspace_id for row in byok.list_credentials(acme.accounts, acme.id, workspace_id=team).data] == [
        None,
        team,
    ]


def test_callers_bring_what_serves_their_key_until_it_changes(acme, other):
    acme.workspace("team")
    team = workspaces.get(acme.accounts, acme.id, "team").id
    key, elsewhere = acme.key(), acme.key(workspace_id=team)
    mine, global_ = acme.byok("openai"), acme.byok("anthropic", everywhere=True)
    acme.byok("openai", disabled=True)
    only = acme.byok("openai", allowed_api_key_hashes=[elsewhere.hash], everywhere=True)
    other.byok("openai", everywhere=True)
    assert acme.accounts.caller(key.hash).byok == (mine, global_)
    assert acme.accounts.caller(elsewhere.hash).byok == (global_, only)
    assert acme.accounts.caller(acme_management(acme)).byok == ()
    epoch = acme.accounts.epoch()
    byok.delete(acme.accounts, acme.actor, mine.id, clock=acme.clock)
    assert acme.accounts.epoch() > epoch
    assert acme.accounts.caller(key.hash).byok == (global_,)


def acme_management(acme: Tenant) -> str:
    with acme.accounts.read() as store:
        return next(key.hash for key in store.keys.page(acme.id) if key.is_management)


def test_a_workspace_takes_its_credentials_with_it(acme):
    acme.workspace("team")
    team = workspaces.get(acme.accounts, acme.id, "team").id
    gone, stays = acme.byok("openai", workspace_id=team), acme.byok("openai", everywhere=True)
    workspaces.delete(acme.accounts, acme.actor, "team", clock=acme.clock)
    with pytest.raises(NotFound):
        byok.get(acme.accounts, acme.id, gone.id)
    assert byok.get(acme.accounts, acme.id, stays.id) == stays
    workspaces.delete(acme.accounts, acme.actor, "default", clock=acme.clock, confirm_default=True)
    with pytest.raises(BadRequest) as refused:
        acme.byok("openai")
    assert refused.value.issues[0].path == "workspace_id"
    with pytest.raises(BadRequest):
        byok.list_credentials(acme.accounts, acme.id)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": "openai/eu"}, "provider"),
        ({"allowed_models": ["acme/unheard-of"]}, "allowed_models.0"),
        ({"allowed_api_key_hashes": ["0" * 64]}, "allowed_api_key_hashes"),
        ({"is_fallback": True, "is_byok_only": True}, "is_byok_only"),
        ({"key": "two\nlines"}, "key"),
        ({"key": " spaced "}, "key"),
        ({"key": "grün"}, "key"),
    ],
)
def test_what_cannot_be_used_is_refused_and_says_what_is_wrong(acme, fields, wrong):
    with pytest.raises(BadRequest) as refused:
        acme.byok(**{"provider": "openai", **fields})
    assert [issue.path for issue in refused.value.issues] == [wrong]
    assert "canary" not in repr(refused.value)
    assert byok.list_credentials(acme.accounts, acme.id).data == []


def test_anothers_keys_and_workspaces_mean_nothing(acme, other):
    theirs, workspace = other.key().hash, other.workspace("theirs").id
    with pytest.raises(BadRequest):
        acme.byok("openai", allowed_api_key_hashes=[theirs])
    mine = acme.byok("openai")
    with pytest.raises(BadRequest):
        patched(acme, mine.id, allowed_api_key_hashes=[theirs])
    for act in (
        lambda: acme.byok("openai", workspace_id=workspace),
        lambda: byok.list_credentials(acme.accounts, acme.id, workspace_id=workspace),
        lambda: byok.list_credentials(acme.accounts, acme.id, workspace_id=NOWHERE),
    ):
        with pytest.raises(NotFound):
            act()


def test_what_is_under_an_older_key_is_sealed_anew_and_what_nobody_can_read_stays(acme, other):
    mine, theirs = [acme.byok("openai", key=SECRET, name=str(n)) for n in range(3)], other.byok("openai")
    with acme.accounts.change(acme.actor, acme.clock) as store:
        foreign = replace(mine[2], sealed=Vault(lambda: bytes(32)).seal(SECRET, mine[2].about))
        store.byok.replace(acme.id, foreign)
    new = Vault(lambda: bytes(range(1, 33)), lambda: bytes(range(32)))
    done = byok.reseal(acme.accounts, acme.actor, clock=acme.clock, vault=new)
    assert (done.renewed, [row.id for row, _ in done.unreadable]) == (2, [mine[2].id])
    for before in mine[:2]:
        after = byok.get(acme.accounts, acme.id, before.id)
        assert Vault(lambda: bytes(range(1, 33))).open(after.sealed, after.about) == SECRET
        assert replace(after, sealed="") == replace(before, sealed="")
    assert byok.get(acme.accounts, acme.id, mine[2].id) == foreign
    assert byok.get(other.accounts, other.id, theirs.id) == theirs
    again = byok.reseal(acme.accounts, acme.actor, clock=acme.clock, vault=new)
    assert again.renewed == 0


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        '{"provider": "openai"}',
        '{"key": "k"}',
        '{"provider": "openai", "key": ""}',
        '{"provider": "openai", "key": null}',
        '{"provider": "openai", "key": "k", "name": 1}',
        '{"provider": "openai", "key": "k", "allowed_api_key_hashes": []}',
        '{"provider": "openai", "key": "k", "allowed_api_key_hashes": ["XYZ"]}',
        '{"provider": "openai", "key": "k", "workspace_id": "default"}',
        '{"provider": "openai", "key": "k", "declared_region": "mars"}',
        '{"provider": "openai", "key": "k", "is_required": null}',
    ],
)
def test_a_body_out_of_bounds_does_not_decode(said):
    with pytest.raises(msgspec.DecodeError):
        body(ByokCreate, said)


def test_bodies_do_not_show_their_key():
    assert "canary" not in repr(body(ByokCreate, f'{{"provider": "openai", "key": "{SECRET}"}}'))
    assert "canary" not in repr(body(ByokPatch, f'{{"key": "{SECRET}"}}'))
