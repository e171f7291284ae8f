"""Who shares a kept answer with whom: nobody with a caller to whom any answer of the catalogue would be another."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.factories import ACCOUNT_X, NOON, fixture_delivery
from tests.live.tenants import Tenant
from tests.server.http.test_caching import DECODE
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import Layered
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import Workspace
from trunkline.server.http.audience import Audiences

THEN = datetime.fromtimestamp(NOON, UTC)
CREDENTIALS = frozenset({"azure", "openai"})


@pytest.fixture(scope="module")
def catalogue() -> Snapshot:
    """Return the catalogue of the conformance cases."""
    return build([Layered("", fact) for fact in fixture_delivery().facts], 1, NOON)[0]


@pytest.fixture
def audiences() -> Audiences:
    """Return audiences that know nobody yet."""
    return Audiences(CREDENTIALS)


def caller(name: str, account_id: str = "one", **changes: Any) -> Caller:
    """Return the caller of a key of an account; `changes` are parts of the account or the caller."""
    account = Account(id=account_id, name=account_id, kind=AccountKind.ORGANIZATION, created_at=THEN)
    account = replace(account, **{part: changes.pop(part) for part in [*changes] if part in account.__struct_fields__})
    place = Workspace(id=f"w-{name}", account_id=account_id, name="w", slug="w", created_at=THEN)
    key = Key(hash=name, name=name, label=name, account_id=account_id, created_at=THEN)
    key = replace(key, **{part: changes.pop(part) for part in [*changes] if part in key.__struct_fields__})
    return Caller(**{"key": key, "account": account, "workspace": place, **changes})


def guardrail(name: str, **stated: Any) -> Guardrail:
    """Return a guardrail."""
    return Guardrail(id=name, account_id="one", name=name, created_at=THEN, **stated)


def test_keys_of_equal_effect_share_whoever_owns_them(catalogue: Snapshot, audiences: Audiences):
    narrow = guardrail("1", allowed_providers=("azure",))
    named_otherwise = guardrail("2", allowed_providers=("AZURE", "azure"))
    same = [
        caller("a", key_guardrail=narrow),
        caller("b", "two", default_guardrail=named_otherwise, member_guardrail=guardrail("3")),
        caller("c", "three", member_guardrail=narrow),
    ]
    assert len({audiences.of(catalogue, one, None) for one in same}) == 1
    assert audiences.of(catalogue, caller("d"), None) not in {audiences.of(catalogue, same[0], None), None}


@pytest.mark.parametrize(
    "other",
    [
        caller("b", is_management=True),
        caller("b", is_filtered_model_catalog_enabled=True),
        caller("b", workspace=None),
        caller("b", regions=()),
        caller("b", account=None),
        caller("b", ACCOUNT_X),
        caller("b", key_guardrail=guardrail("1", enforce_zdr_openai=True)),
        caller("b", key_guardrail=guardrail("1", allowed_data_regions=("us",))),
    ],
    ids=("manages", "narrowed", "no workspace", "not entitled", "no account", "a private model", "ZDR", "other host"),
)
def test_keys_that_may_see_something_else_share_nothing(catalogue: Snapshot, audiences: Audiences, other: Caller):
    one = caller("a")
    assert audiences.of(catalogue, one, "eu") != audiences.of(catalogue, other, "eu")


def test_hosts_do_not_share(catalogue: Snapshot, audiences: Audiences):
    one = caller("a")
    assert len({audiences.of(catalogue, one, region) for region in (None, "eu", "us")}) == 3


def test_two_keys_that_the_host_refuses_share_nothing_but_each_keeps_its_own(catalogue: Snapshot, audiences: Audiences):
    one, other = caller("a", regions=()), caller("b", regions=())
    assert audiences.of(catalogue, one, "eu") == audiences.of(catalogue, one, "eu")
    assert audiences.of(catalogue, one, "eu") != audiences.of(catalogue, other, "eu")
    assert audiences.of(catalogue, one, None) == audiences.of(catalogue, other, None)


def test_a_key_whose_guardrail_has_changed_has_another_audience_at_once(catalogue: Snapshot, audiences: Audiences):
    before = audiences.of(catalogue, caller("a"), None)
    changed = audiences.of(catalogue, caller("a", key_guardrail=guardrail("1", allowed_providers=("azure",))), None)
    assert changed != before
    assert audiences.of(catalogue, caller("a"), None) == before


def test_the_list_of_a_key_is_the_same_in_each_coding(x: Tenant):
    key = x.key()
    plain = key.get("/models/user", accept_encoding="identity")
    for coding, decode in DECODE.items():
        for _ in range(2):
            reply = key.get("/models/user", accept_encoding=coding)
            assert reply.headers["content-encoding"] == coding
            assert decode(reply.body) == plain.body


def test_the_public_has_one_audience_and_no_key_shares_it(catalogue: Snapshot, audiences: Audiences):
    assert audiences.of(catalogue, None, None) is None
    assert audiences.of(None, caller("a"), None) is not None
    assert audiences.of(catalogue, caller("a", account=None), None) is not None


def test_no_more_callers_are_remembered_than_are_asked_for(catalogue: Snapshot):
    many = Audiences(None, bound=10)
    found: set[Hashable] = {many.of(catalogue, caller(str(number)), None) for number in range(30)}
    assert len(found) == 1
    assert len(many._known) == 10
