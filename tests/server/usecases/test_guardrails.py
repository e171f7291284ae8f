"""Guardrails and the default ones of workspaces (spec 1.7, 5.6, 5.8, cases 56 and 64 to 66)."""

from decimal import Decimal

import msgspec
import pytest

from tests.tenants import NOWHERE, Tenant, body
from trunkline.server.domain.policy.guardrail import ContentFilter, default_guardrail_id
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases import guardrails, workspaces
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.guardrail_bodies import GuardrailCreate, GuardrailPatch

GROUPS = ("anthropic", "openai", "google", "xai", "other")


def create(acme: Tenant, text: str):
    made = body(GuardrailCreate, text)
    return guardrails.create(acme.accounts, acme.actor, made, catalogued=acme.catalogued, **acme.making)


def zdr(guardrail) -> list[bool | None]:
    return [getattr(guardrail, f"enforce_zdr_{group}") for group in GROUPS]


def test_a_guardrail_that_is_not_assigned_governs_nothing_and_keeps_canonical_slugs(acme):
    key = acme.key()
    before = acme.accounts.caller(key.hash)
    made = acme.guardrail(allowed_models=["openai/gpt-4", "openai/gpt-4-0613"])
    assert made.allowed_models == ("openai/gpt-4-0613",)
    assert acme.accounts.caller(key.hash) == before


def test_every_field_of_a_guardrail_comes_back_from_the_store_as_it_went(acme):
    made = create(
        acme,
        '{"name": "n", "description": "d\\u0000", "limit_usd": 12.5, "reset_interval": "monthly",'
        '"include_byok_in_budgets": true, "ignored_models": ["meta-llama/llama-3.3-70b-instruct:free"],'
        '"allowed_providers": ["azure", "google-vertex/europe"], "allowed_data_regions": ["us", "us", "global"],'
        '"enable_paid_model_training": false, "allow_safety_retention_google": true,'
        '"content_filters": [{"pattern": "\\\\d+", "action": "block", "label": "digits"}],'
        '"content_filter_builtins": [{"slug": "email", "action": "redact", "label": "[MINE]"}]}',
    )
    assert guardrails.get(acme.accounts, acme.id, made.id.upper()) == made
    assert made.content_filters == (ContentFilter(pattern=r"\d+", action="block", label="digits"),)
    assert (made.limit_usd, made.allowed_data_regions) == (Decimal("12.5"), ("us", "global"))
    assert made.workspace_id == acme.default_workspace


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"name": ""}',
        '{"name": "n", "allowed_providers": []}',
        '{"name": "n", "allowed_data_regions": []}',
        '{"name": "n", "allowed_data_regions": ["eu"]}',
        '{"name": "n", "limit_usd": 0, "reset_interval": "daily"}',
        '{"name": "n", "limit_usd": 5, "reset_interval": "lifetime"}',
        '{"name": "n", "content_filters": [{"pattern": "", "action": "block"}]}',
        '{"name": "n", "content_filter_builtins": [{"slug": "shoe-size", "action": "block"}]}',
        '{"name": "n", "include_byok_in_budgets": null}',
    ],
)
def test_a_body_out_of_bounds_does_not_decode(text):
    with pytest.raises(msgspec.DecodeError):
        body(GuardrailCreate, text)


@pytest.mark.parametrize(
    "fields",
    [
        {"limit_usd": 5},
        {"reset_interval": "daily"},
        {"limit_usd": 1e-13, "reset_interval": "daily"},
        {"allowed_models": ["acme/unheard-of"]},
        {"allowed_models": ["openai/*"]},
        {"ignored_models": ["~anthropic/claude-sonnet-latest"]},
        {"ignored_models": ["openrouter/auto"]},
        {"ignored_providers": ["unheard-of"]},
        {"workspace_id": NOWHERE},
        {"content_filters": [{"pattern": "fine", "action": "flag"}, {"pattern": "(a+)+", "action": "block"}]},
    ],
)
def test_what_decodes_and_cannot_be_is_refused_and_makes_no_guardrail(acme, fields):
    with pytest.raises(BadRequest):
        acme.guardrail(**fields)
    assert guardrails.list_guardrails(acme.accounts, acme.id).total_count == 0


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ({"enforce_zdr": True}, [True] * 5),
        ({"enforce_zdr": True, "enforce_zdr_openai": False}, [True, False, True, True, True]),
        ({"enforce_zdr": True, "enforce_zdr_openai": None}, [True, None, True, True, True]),
        ({}, [None] * 5),
    ],
)
def test_the_old_zdr_switch_goes_to_every_group_that_the_request_leaves_out(acme, stated, kept):
    assert zdr(acme.guardrail(**stated)) == kept


def test_a_patch_of_the_old_switch_and_of_one_group(acme):
    made = acme.guardrail(enforce_zdr=True)
    assert zdr(acme.patch_guardrail(made.id, enforce_zdr=False)) == [False] * 5
    assert zdr(acme.patch_guardrail(made.id, enforce_zdr_google=True)) == [False, False, True, False, False]


def test_a_patch_changes_what_it_states_null_removes_and_lists_are_replaced_whole(acme):
    made = acme.guardrail(allowed_providers=["azure", "openai"], limit_usd=5, reset_interval="daily", description="d")
    changed = acme.patch_guardrail(made.id, allowed_providers=["openai"], description=None)
    assert (changed.allowed_providers, changed.description, changed.limit_usd) == (("openai",), None, Decimal(5))
    with pytest.raises(BadRequest):
        acme.patch_guardrail(made.id, limit_usd=None)
    assert acme.patch_guardrail(made.id, limit_usd=None, reset_interval=None).limit_usd is None


def test_a_patch_without_a_difference_moves_nothing(acme):
    made = acme.guardrail(description="d")
    epoch = acme.accounts.epoch()
    assert acme.patch_guardrail(made.id, description="d") == made
    assert acme.accounts.epoch() == epoch


def test_a_default_guardrail_is_made_by_its_first_patch_and_governs_at_once(acme):
    key = acme.key()
    default = default_guardrail_id(acme.default_workspace)
    with pytest.raises(NotFound):
        guardrails.get(acme.accounts, acme.id, default)
    made = acme.patch_guardrail(default, allowed_providers=["azure"])
    assert acme.accounts.caller(key.hash).default_guardrail == made
    assert made.name == f"Workspace {acme.default_workspace} Default"
    with pytest.raises(BadRequest):
        acme.patch_guardrail(default, name="x")
    assert acme.patch_guardrail(default, name=made.name) == made
    guardrails.delete(acme.accounts, acme.actor, default, clock=acme.clock)
    assert acme.accounts.caller(key.hash).default_guardrail is None
    with pytest.raises(NotFound):
        guardrails.delete(acme.accounts, acme.actor, default, clock=acme.clock)
    assert acme.patch_guardrail(default).allowed_providers is None


def test_a_default_guardrail_governs_its_workspace_only(acme):
    there = acme.workspace("there")
    here, away = acme.key("here"), acme.key("away", workspace_id=there.id)
    acme.patch_guardrail(default_guardrail_id(there.id), allowed_providers=["azure"])
    assert acme.accounts.caller(here.hash).default_guardrail is None
    assert acme.accounts.caller(away.hash).default_guardrail.allowed_providers == ("azure",)


def test_the_list_is_newest_first_and_its_total_counts_before_paging(acme):
    for number in range(5):
        acme.guardrail(f"g{number}")
    page = guardrails.list_guardrails(acme.accounts, acme.id, Paging(1, 2))
    assert ([each.name for each in page.data], page.total_count) == (["g3", "g2"], 5)
    assert guardrails.list_guardrails(acme.accounts, acme.id, Paging(9, 2)).data == []
    assert guardrails.list_guardrails(acme.accounts, acme.id, workspace_id=NOWHERE).total_count == 0


@pytest.mark.parametrize("bad", ["", "default", "\0", "0" * 32, NOWHERE, "'; DROP TABLE guardrails; --"])
def test_an_unknown_guardrail_is_not_found_whatever_it_is_called(acme, bad):
    for act in (
        lambda: guardrails.get(acme.accounts, acme.id, bad),
        lambda: acme.patch_guardrail(bad, description="d"),
        lambda: guardrails.delete(acme.accounts, acme.actor, bad, clock=acme.clock),
    ):
        with pytest.raises(NotFound):
            act()


def test_without_a_default_workspace_a_guardrail_must_name_its_own(acme):
    there = acme.workspace("there")
    workspaces.delete(acme.accounts, acme.actor, "default", clock=acme.clock, confirm_default=True)
    with pytest.raises(BadRequest):
        acme.guardrail()
    assert acme.guardrail(workspace_id=there.id).workspace_id == there.id
    assert GuardrailPatch().name is msgspec.UNSET
