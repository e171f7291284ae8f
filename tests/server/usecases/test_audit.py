"""The audit trail: complete, in order, without secrets; and no key's text anywhere in the store."""

import re
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from tests.tenants import Tenant, tenant
from trunkline.server.domain.policy.audit import Action, Via
from trunkline.server.errors import TrunklineError
from trunkline.server.usecases import accounts, audit, guardrails, keys, members, workspaces
from trunkline.server.usecases.keys import KeyCreate, KeyPatch
from trunkline.server.usecases.members import MemberPatch

CANARY = "canary-5b0c1e"


def trail(acme: Tenant, **only: object) -> list[tuple[str, str, str]]:
    entries = audit.entries(acme.accounts, acme.id, limit=1000, **only)
    return [(entry.action.value, entry.noun, entry.noun_id) for entry in reversed(entries)]


def test_every_row_that_a_change_touches_has_an_entry_in_order_with_who_when_and_from_where(acme):
    key, made = acme.key(), acme.workspace("team")
    guardrail = acme.guardrail(workspace_id=made.id)
    acme.assign(guardrail, key.hash)
    keys.update(acme.accounts, acme.actor, key.hash, KeyPatch(name="n"), clock=acme.clock)
    workspaces.delete(acme.accounts, acme.actor, "team", clock=acme.clock)
    steps = trail(acme)
    assert [step[:2] for step in steps] == [
        ("create", "account"),
        ("create", "workspace"),
        ("create", "key"),
        ("create", "key"),
        ("create", "workspace"),
        ("create", "guardrail"),
        ("create", "key_assignment"),
        ("update", "key"),
        ("delete", "key_assignment"),
        ("delete", "guardrail"),
        ("delete", "workspace"),
    ]
    newest, *_ = audit.entries(acme.accounts, acme.id, limit=1)
    assert (newest.actor, newest.noun_id) == (acme.actor, made.id)
    assert acme.clock.now - 1 < newest.at.timestamp() <= acme.clock.now
    assert audit.entries(acme.accounts, acme.id)[-1].actor.via is Via.CLI


def test_an_entry_says_what_a_row_was_and_what_it_is(acme):
    made = acme.guardrail(limit_usd=0.1, reset_interval="daily")
    acme.patch_guardrail(made.id, limit_usd=0.2)
    guardrails.delete(acme.accounts, acme.actor, made.id, clock=acme.clock)
    deleted, changed, created = audit.entries(acme.accounts, acme.id, noun="guardrail", noun_id=made.id)
    assert (created.action, created.before, created.after["limit_usd"]) == (Action.CREATE, None, "0.1")
    assert (changed.before["limit_usd"], changed.after["limit_usd"]) == ("0.1", "0.2")
    assert changed.before == created.after
    assert (deleted.before, deleted.after) == (changed.after, None)


def test_what_changes_nothing_or_fails_leaves_no_entry_and_no_epoch(acme):
    key, epoch, steps = acme.key(), acme.accounts.epoch(), trail(acme)
    keys.update(acme.accounts, acme.actor, key.hash, KeyPatch(name=key.name), clock=acme.clock)
    for act in (
        lambda: keys.delete(acme.accounts, acme.actor, "unknown", clock=acme.clock),
        lambda: acme.guardrail(limit_usd=5),
        lambda: acme.workspace("default"),
        lambda: members.update(acme.accounts, acme.actor, "stranger", MemberPatch(), clock=acme.clock),
    ):
        with pytest.raises(TrunklineError):
            act()
    assert (acme.accounts.epoch(), trail(acme)) == (epoch, steps)


def test_a_block_that_fails_after_its_writes_undoes_them_all(acme):
    key, epoch = acme.key(), acme.accounts.epoch()

    def fail() -> None:
        with acme.accounts.change(acme.actor, acme.clock) as store:
            store.keys.remove(acme.id, key.hash)
            store.keys.add(acme.id, msgspec.structs.replace(key, hash="f" * 64))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert acme.accounts.caller(key.hash).key == key
    assert acme.accounts.caller("f" * 64) is None
    assert acme.accounts.epoch() == epoch


def test_entries_page_backwards_by_id(acme):
    for number in range(5):
        acme.key(f"k{number}")
    everything = audit.entries(acme.accounts, acme.id)
    pages = [audit.entries(acme.accounts, acme.id, limit=3)]
    while pages[-1]:
        pages.append(audit.entries(acme.accounts, acme.id, limit=3, before=pages[-1][-1].id))
    assert [entry for page in pages for entry in page] == everything
    assert audit.entries(acme.accounts, acme.id, before=10**30) == everything
    assert audit.entries(acme.accounts, acme.id, before=-5) == []


def stored(acme: Tenant, location: str) -> bytes:
    """Return everything that is in the store: a file's bytes, or every row of every table as text."""
    if not location.startswith("postgresql"):
        folder = Path(location).parent
        return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    with acme.database.engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = [connection.scalars(text(f"SELECT t::text FROM {name} t")).all() for name in tables]
    return "\n".join(row for table in rows for row in table).encode()


def test_no_key_and_no_external_secret_is_found_in_the_store_or_the_trail(acme, location):
    body = msgspec.convert({"name": "k", "external": {"user": "u", "api_key": CANARY}}, KeyCreate)
    view, secret = keys.create(acme.accounts, acme.actor, body, **acme.making)
    keys.update(acme.accounts, acme.actor, view.key.hash, KeyPatch(name="n"), clock=acme.clock)
    _, management = accounts.create_management_key(acme.accounts, acme.actor, "second", **acme.making)
    everything = stored(acme, location)
    assert view.key.hash.encode() in everything
    for text_ in (secret, management, acme.management_key):
        assert text_.encode() not in everything
        assert text_[9:].encode() not in everything
    assert not re.search(rb"sk-or-v1-[0-9a-f]{64}", everything)
    shown = msgspec.json.encode(audit.entries(acme.accounts, None, limit=1000))
    assert CANARY.encode() not in shown
    assert b'"api_key":"***"' in shown


def test_two_accounts_have_trails_of_their_own(acme, database, items):
    stranger = tenant(database, items, "stranger")
    stranger.key("theirs")
    assert "theirs" not in msgspec.json.encode(audit.entries(acme.accounts, acme.id)).decode()
