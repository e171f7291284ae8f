"""Keys: their form, bounds, windows and moves (spec 1.7, 2.10, cases 71 to 73)."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from tests.tenants import NOWHERE, Tenant, body, tenant
from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import assignments, keys, workspace_members
from trunkline.server.usecases.keys import KeyCreate, KeyPatch


def create(acme: Tenant, text: str) -> tuple[keys.KeyView, str]:
    return keys.create(acme.accounts, acme.actor, body(KeyCreate, text), **acme.making)


def patch(acme: Tenant, key_hash: str, text: str) -> keys.KeyView:
    return keys.update(acme.accounts, acme.actor, key_hash, body(KeyPatch, text), clock=acme.clock)


def listed(acme: Tenant, **options: object) -> list[str]:
    return [view.key.name for view in keys.list_keys(acme.accounts, acme.id, clock=acme.clock, **options)]


def issues(refused: pytest.ExceptionInfo[BadRequest]) -> list[str]:
    return [issue.path for issue in refused.value.issues]


def test_a_new_key_is_shown_once_and_kept_as_its_sha256(acme):
    view, text = create(acme, '{"name": "ci"}')
    assert re.fullmatch(r"sk-or-v1-[0-9a-f]{64}", text)
    assert view.key.hash == hashlib.sha256(text.encode()).hexdigest()
    assert view.key.label == f"sk-or-v1-{text[9:12]}...{text[-3:]}"
    assert keys.get(acme.accounts, acme.id, view.key.hash, clock=acme.clock) == view
    assert view.key.workspace_id == acme.default_workspace
    assert (view.key.limit, view.limit_remaining) == (None, None)


def test_every_field_of_a_key_comes_back_from_the_store_as_it_went(acme):
    acme.member("alice")
    view, _ = create(
        acme,
        '{"name": "é\U0001f600", "limit": 0.1, "limit_reset": "weekly", "include_byok_in_limit": true,'
        '"expires_at": "2027-01-01T00:00:00.123456Z", "creator_user_id": "alice",'
        '"external": {"user": "u-7", "api_key": "theirs"}, "unknown": 1}',
    )
    key = view.key
    assert key.limit == Decimal("0.1")
    assert key.expires_at == datetime(2027, 1, 1, 0, 0, 0, 123456, UTC)
    assert key.external_user == {"user": "u-7", "api_key": "theirs"}
    assert acme.accounts.caller(key.hash).key == key


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"name": ""}',
        '{"name": "k", "limit": -1}',
        '{"name": "k", "limit": "5"}',
        '{"name": "k", "limit": 1e400}',
        '{"name": "k", "limit_reset": "yearly"}',
        '{"name": "k", "expires_at": "2027-01-01T00:00:00"}',
        '{"name": "k", "expires_at": "2027-01-01T00:00Z"}',
        '{"name": "k", "creator_user_id": ""}',
        '{"name": "k", "workspace_id": "default"}',
        '{"name": "k", "external": {}}',
    ],
)
def test_a_body_out_of_bounds_does_not_decode(text):
    with pytest.raises(msgspec.DecodeError):
        body(KeyCreate, text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"name": "k", "expires_at": "2027-01-01T00:00:00+02:00"}', "expires_at"),
        ('{"name": "k", "expires_at": "2026-08-22T11:59:59Z"}', "expires_at"),
        ('{"name": "k", "creator_user_id": "nobody"}', "creator_user_id"),
        ('{"name": "k\\u0000"}', "name"),
    ],
)
def test_what_decodes_and_cannot_be_is_refused_by_field_and_makes_no_key(acme, text, field):
    with pytest.raises(BadRequest) as refused:
        create(acme, text)
    assert issues(refused) == [field]
    assert listed(acme) == []


def test_a_limit_is_the_decimal_that_the_json_shows_and_no_float(acme):
    for number, exact in (("0.1", "0.1"), ("0", "0"), ("500.00", "500"), ("1e9", "1000000000"), ("1e-13", "0")):
        view, _ = create(acme, f'{{"name": "k", "limit": {number}}}')
        stored = keys.get(acme.accounts, acme.id, view.key.hash, clock=acme.clock)
        assert f"{stored.key.limit}" == f"{view.key.limit}" == exact


def test_the_list_leaves_out_what_is_disabled_expired_elsewhere_or_a_management_key(acme):
    elsewhere = acme.workspace("elsewhere")
    acme.key("first")
    disabled = acme.key("disabled")
    patch(acme, disabled.hash, '{"disabled": true}')
    acme.key("expired", expires_at=(acme.clock.time + timedelta(hours=1)).isoformat())
    acme.key("elsewhere", workspace_id=elsewhere.id)
    acme.key("last")
    acme.clock.now += 3600
    assert listed(acme) == ["last", "first"]
    assert listed(acme, include_disabled=True) == ["last", "disabled", "first"]
    assert listed(acme, include_expired=True) == ["last", "expired", "first"]
    assert listed(acme, include_disabled=True, include_expired=True, offset=1) == ["expired", "disabled", "first"]
    assert listed(acme, workspace_id=UUID(elsewhere.id)) == ["elsewhere"]
    assert listed(acme, offset=10**20) == []
    with pytest.raises(NotFound):
        listed(acme, workspace_id=UUID(NOWHERE))


def test_a_page_of_keys_holds_a_hundred(acme):
    for number in range(103):
        acme.key(f"k{number}")
    assert listed(acme) == [f"k{number}" for number in range(102, 2, -1)]
    assert listed(acme, offset=100) == ["k2", "k1", "k0"]


def test_a_patch_changes_what_it_states_and_null_clears(acme):
    view, _ = create(acme, '{"name": "k", "limit": 5, "limit_reset": "daily"}')
    changed = patch(acme, view.key.hash, '{"limit": null, "disabled": true, "name": "n"}').key
    assert (changed.name, changed.limit, changed.limit_reset, changed.disabled) == ("n", None, "daily", True)
    assert changed.updated_at > changed.created_at
    again = patch(acme, view.key.hash, '{"name": "n"}').key
    assert again == changed


@pytest.mark.parametrize("text", ["{}", '{"foo": 1}'])
def test_a_patch_without_any_known_field_is_refused_in_the_documented_words(acme, text):
    key = acme.key()
    with pytest.raises(BadRequest) as refused:
        patch(acme, key.hash, text)
    assert refused.value.message == "No update fields provided"


def test_a_key_is_deleted_once_and_takes_its_assignment_along(acme):
    key = acme.key()
    acme.assign(acme.guardrail(), key.hash)
    keys.delete(acme.accounts, acme.actor, key.hash, clock=acme.clock)
    with pytest.raises(NotFound):
        keys.delete(acme.accounts, acme.actor, key.hash, clock=acme.clock)
    assert acme.accounts.caller(key.hash) is None
    assert assignments.list_keys(acme.accounts, acme.id).total_count == 0


def test_a_move_takes_the_guardrail_along_and_to_the_same_place_is_nothing(acme):
    key, elsewhere = acme.key(), acme.workspace("elsewhere")
    acme.assign(acme.guardrail(allowed_providers=["azure"]), key.hash)
    epoch = acme.accounts.epoch()
    patch(acme, key.hash, f'{{"workspace_id": "{acme.default_workspace}"}}')
    assert acme.accounts.epoch() == epoch
    patch(acme, key.hash, f'{{"workspace_id": "{elsewhere.id}"}}')
    caller = acme.accounts.caller(key.hash)
    assert caller.workspace == elsewhere
    assert caller.key_guardrail.allowed_providers == ("azure",)
    with pytest.raises(NotFound):
        patch(acme, key.hash, f'{{"workspace_id": "{NOWHERE}"}}')


def test_a_key_may_be_made_and_moved_only_where_its_creator_works(acme):
    alice, admin = acme.member("alice"), acme.member("admin", role="org:admin")
    elsewhere = acme.workspace("elsewhere")
    key = acme.key(creator_user_id=alice.id)
    with pytest.raises(BadRequest) as refused:
        acme.key(creator_user_id=alice.id, workspace_id=elsewhere.id)
    assert issues(refused) == ["creator_user_id"]
    with pytest.raises(BadRequest):
        patch(acme, key.hash, f'{{"workspace_id": "{elsewhere.id}"}}')
    assert acme.key(creator_user_id=admin.id, workspace_id=elsewhere.id).workspace_id == elsewhere.id
    ids = workspace_members.UserIds(user_ids=["alice"])
    workspace_members.add(acme.accounts, acme.actor, "elsewhere", ids, **acme.making)
    assert patch(acme, key.hash, f'{{"workspace_id": "{elsewhere.id}"}}').key.workspace_id == elsewhere.id


def test_a_personal_account_has_no_members_to_make_keys_for(database, items):
    alone = tenant(database, items, "alone", AccountKind.PERSONAL)
    with pytest.raises(BadRequest) as refused:
        alone.key(creator_user_id="me")
    assert issues(refused) == ["creator_user_id"]


def test_management_keys_are_out_of_the_operations_reach(acme):
    hash_ = hashlib.sha256(acme.management_key.encode()).hexdigest()
    assert acme.accounts.caller(hash_).key.is_management
    for act in (
        lambda: keys.get(acme.accounts, acme.id, hash_, clock=acme.clock),
        lambda: patch(acme, hash_, '{"disabled": true}'),
        lambda: keys.delete(acme.accounts, acme.actor, hash_, clock=acme.clock),
    ):
        with pytest.raises(NotFound):
            act()
    assert listed(acme, include_disabled=True, include_expired=True) == []


def test_what_is_left_of_a_limit_counts_the_running_window_only(acme):
    # 22 August 2026 is a Saturday: the week began on the 17th, the month on the 1st.
    key = acme.key(limit=10, limit_reset="weekly")
    for day, pico in ((22, 1), (17, 10), (16, 100), (1, 1000)):
        acme.spend(key, datetime(2026, 8, day, tzinfo=UTC), pico * 10**9, byok_pico=pico * 10**9 * 5)
    acme.spend(key, datetime(2026, 7, 31, tzinfo=UTC), 9 * 10**18)
    acme.spend(key, datetime(2026, 7, 30, tzinfo=UTC), 9 * 10**18)
    view = keys.get(acme.accounts, acme.id, key.hash, clock=acme.clock)
    spent = view.spent
    usage = (spent.usage_daily, spent.usage_weekly, spent.usage_monthly, spent.usage)
    assert [str(amount) for amount in usage] == ["0.001", "0.011", "1.111", "18000001.111"]
    assert str(spent.byok_usage) == "5.555"
    assert str(view.limit_remaining) == "9.989"
    patch(acme, key.hash, '{"include_byok_in_limit": true}')
    assert str(keys.get(acme.accounts, acme.id, key.hash, clock=acme.clock).limit_remaining) == "9.934"
    patch(acme, key.hash, '{"limit_reset": null}')
    assert keys.get(acme.accounts, acme.id, key.hash, clock=acme.clock).limit_remaining == 0


def test_the_last_use_is_noted_without_a_change_and_outlives_a_patch(acme):
    key = acme.key()
    epoch, seen = acme.accounts.epoch(), acme.clock.time
    acme.accounts.touch({key.hash: seen, "unknown": seen})
    acme.accounts.touch({key.hash: seen - timedelta(seconds=5)})
    assert acme.accounts.epoch() == epoch
    patch(acme, key.hash, '{"name": "other"}')
    assert acme.accounts.caller(key.hash).key.last_used_at == seen
