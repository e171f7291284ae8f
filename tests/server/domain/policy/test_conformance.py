"""The conformance cases of what one key sees, at the level of the domain (spec 7: 48, 50, 53 to 63, 68, 69)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from tests.factories import ACCOUNT_X, M
from tests.server.domain.fixture import NOW, conformance, listed, names, selection
from trunkline.server.domain.catalog import query
from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.admission import admit, policy_of, sees_filtered_catalogue
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.merge import Items
from trunkline.server.domain.policy.restrictions import NOTHING, Restrictions
from trunkline.server.domain.policy.visibility import visible
from trunkline.server.domain.policy.workspace import Workspace
from trunkline.server.errors import Forbidden, NotFound

AT = datetime(2026, 8, 22, 12, tzinfo=UTC)
ACCOUNT_Y = "7c1f7a52-93a4-4a8e-8a0f-5d1f3f3f9b11"
CATALOGUE = conformance()
EVERYTHING = "M11 M10 M3 M8 M2 M6 M4 M9 M1"


def caller(account_id: str = ACCOUNT_X, stated: Restrictions = NOTHING, **given: Any) -> Caller:
    """Return the caller of an inference key; `given` are guardrails of a layer, or other parts of the caller."""
    account = Account(
        id=account_id,
        name="a",
        kind=AccountKind.ORGANIZATION,
        created_at=AT,
        restrictions=stated,
        regions=("eu",) if account_id == ACCOUNT_X else (),
    )
    key = Key(hash="0" * 64, name="k", label="sk-or-v1-0...0", account_id=account_id, created_at=AT, workspace_id="w")
    workspace = Workspace(id="w", account_id=account_id, name="w", slug="w", created_at=AT)
    return Caller(**{"key": key, "account": account, "workspace": workspace, **given})


def guardrail(**stated: Any) -> Guardrail:
    return Guardrail(id="g", account_id=ACCOUNT_X, name="g", created_at=AT, **stated)


def sees(of: Caller, region: str | None = None, *pairs: tuple[str, str]) -> str:
    """Return the names of what a caller's own list holds, in its order."""
    policy = policy_of(of, region)
    admit(of, policy)
    values = query.read(pairs, query.MODEL_LIST)
    found = query.select(CATALOGUE.index, values, NOW, None, visible(CATALOGUE, policy))
    return names(CATALOGUE.rows[position].id for position in found.positions)


def without(removed: str) -> str:
    return " ".join(name for name in EVERYTHING.split() if name not in removed.split())


def test_53_a_key_under_nothing_sees_its_private_model_but_none_that_trains():
    assert sees(caller()) == EVERYTHING
    assert sees(caller(ACCOUNT_Y)) == without("M11")


def test_54_free_models_that_train_and_publish_need_both_permissions():
    training = Restrictions(enable_free_model_training=True)
    assert "M5" not in sees(caller(stated=training)).split()
    both = replace(training, enable_free_model_publication=True)
    assert sees(caller(stated=both)) == "M11 M10 M3 M8 M2 M6 M4 M5 M9 M1"


def test_55_paid_training_opens_its_provider_until_a_guardrail_closes_it():
    closed = Restrictions(allowed_providers=("paidtrainer",))
    opened = replace(closed, enable_paid_model_training=True)
    assert sees(caller(stated=closed)) == ""
    assert sees(caller(stated=opened)) == "M4 M9"
    assert sees(caller(stated=opened, default_guardrail=guardrail(enable_paid_model_training=False))) == ""


def test_56_57_a_guardrail_keeps_canonical_slugs_and_counts_once_it_is_assigned():
    items = Items(CATALOGUE, frozenset({ACCOUNT_X})).models(["openai/gpt-4"], "allowed_models")
    assert items == ("openai/gpt-4-0613",)
    assert sees(caller(key_guardrail=guardrail(allowed_models=items))) == "M9 M1"


def test_59_a_member_s_and_a_key_s_providers_are_intersected_per_endpoint():
    member, key = guardrail(allowed_providers=("openai", "azure")), guardrail(allowed_providers=("azure", "deepinfra"))
    assert sees(caller(member_guardrail=member, key_guardrail=key)) == "M9 M1"


def test_60_a_variant_narrows_its_provider():
    key = guardrail(allowed_providers=("google-vertex/europe",))
    assert sees(caller(stated=Restrictions(allowed_providers=("google-vertex",)), key_guardrail=key)) == "M10 M2 M9"


def test_61_what_is_ignored_is_not_allowed_and_an_empty_list_is_an_answer():
    stated = guardrail(allowed_providers=("azure",), ignored_providers=("azure",))
    assert sees(caller(default_guardrail=stated)) == ""


def test_62_retention_is_asked_for_by_the_group_of_the_author():
    openai, other = guardrail(enforce_zdr_openai=True), guardrail(enforce_zdr_other=True)
    assert sees(caller(default_guardrail=openai)) == without("M6")
    assert "M6" in sees(caller(default_guardrail=other)).split()


def test_63_a_guardrail_cannot_take_back_what_the_account_asks():
    stated = Restrictions(enforce_zdr_anthropic=True, allowed_providers=("anthropic",))
    assert sees(caller(stated=stated, key_guardrail=guardrail(enforce_zdr_anthropic=False))) == ""
    assert sees(caller(stated=Restrictions(allowed_providers=("anthropic",)))) == "M10 M2 M9"


def test_68_a_regional_host_lists_what_runs_in_its_region_to_those_who_may_use_it():
    assert names(listed(CATALOGUE, region="eu")) == "M10 M2 M1"
    assert names(listed(CATALOGUE, ("region", "eu"))) == "M10 M2 M1"
    assert sees(caller(), "eu") == "M10 M2 M1"
    with pytest.raises(Forbidden, match="may not use the eu host"):
        sees(caller(ACCOUNT_Y), "eu")


def test_69_an_ignored_model_takes_its_alias_row_along_and_leaves_its_variants():
    items = Items(CATALOGUE, frozenset())
    sonnet = items.models(["anthropic/claude-sonnet-4-5"], "ignored_models")
    assert sees(caller(key_guardrail=guardrail(ignored_models=sonnet))) == without("M10 M2")
    open_account = Restrictions(enable_free_model_training=True, enable_free_model_publication=True)
    llama = guardrail(ignored_models=items.models([M["M4"]], "ignored_models"))
    assert sees(caller(stated=open_account, key_guardrail=llama)) == "M11 M10 M3 M8 M2 M6 M5 M9 M1"


def test_48_a_private_model_is_found_by_its_account_alone():
    assert CATALOGUE.find(M["M11"]) is None
    assert CATALOGUE.find(M["M11"], frozenset({ACCOUNT_Y})) is None
    found = CATALOGUE.find(M["M11"], policy_of(caller()).viewer)
    assert found is not None
    assert found.id == M["M11"]


def test_a_private_model_is_in_no_public_list_whatever_is_asked():
    for pairs in ([("output_modalities", "all")], [("q", "secret")], [("zdr", "true")], [("providers", "Acme")]):
        assert M["M11"] not in listed(CATALOGUE, *pairs)
    assert selection(CATALOGUE, ("output_modalities", "all")).total == 10
    assert "acme" not in {row["slug"] for row in CATALOGUE.providers}


def test_filters_of_the_list_narrow_a_key_s_list_by_the_endpoints_that_it_has():
    assert sees(caller(), None, ("zdr", "true")) == "M11 M10 M3 M8 M2 M4 M1"
    only_openai = caller(key_guardrail=guardrail(allowed_providers=("openai",)))
    assert sees(only_openai) == "M9 M1"
    assert sees(only_openai, None, ("zdr", "true")) == ""
    assert sees(caller(), None, ("zdr", "true"), ("region", "eu"), ("providers", "Google")) == "M10 M2"
    assert sees(caller(), None, ("output_modalities", "embeddings")) == "M7"


def test_a_router_is_listed_when_a_call_could_be_passed_on():
    assert sees(caller(stated=Restrictions(ignored_models=("openrouter/auto",)))) == without("M9")
    assert sees(caller(stated=Restrictions(allowed_providers=("acme",)))) == "M11 M9"
    embeddings = Restrictions(allowed_models=("openai/text-embedding-3-small",))
    assert sees(caller(stated=embeddings), None, ("output_modalities", "all")) == "M7"


def test_a_management_key_sees_what_the_account_alone_leaves():
    mx = caller(
        stated=Restrictions(allowed_providers=("azure",)), default_guardrail=guardrail(ignored_providers=("azure",))
    )
    mx = replace(mx, key=replace(mx.key, is_management=True, workspace_id=None), workspace=None)
    assert sees(mx) == "M9 M1"


def test_a_key_without_account_or_workspace_sees_nothing():
    lost = caller(account=None)
    with pytest.raises(NotFound):
        admit(lost, policy_of(lost))
    homeless = caller(workspace=None)
    with pytest.raises(Forbidden, match="workspace"):
        admit(homeless, policy_of(homeless))


@pytest.mark.parametrize(
    ("member", "key", "region", "admitted"),
    [
        (None, ("europe",), "eu", True),
        (None, ("europe",), None, False),
        (("global", "europe"), ("europe", "us"), "eu", True),
        (("global",), ("europe",), "eu", False),
        (("global",), ("europe",), None, False),
        (("global",), None, None, True),
    ],
)
def test_data_regions_bind_a_key_to_hosts(
    member: tuple[str, ...] | None, key: tuple[str, ...] | None, region: str | None, admitted: bool
):
    bound = caller(
        member_guardrail=guardrail(allowed_data_regions=member), key_guardrail=guardrail(allowed_data_regions=key)
    )
    policy = policy_of(bound, region)
    assert bool(visible(CATALOGUE, policy).rows.any()) == admitted
    if admitted:
        admit(bound, policy)
    else:
        with pytest.raises(Forbidden):
            admit(bound, policy)


def test_providers_without_a_credential_are_not_there_once_any_has_one():
    both = visible(CATALOGUE, policy_of(caller(), credentials=frozenset({"azure"})))
    assert names(CATALOGUE.rows[p].id for p in both.rows.nonzero()[0].tolist()) == "M9 M1"
    assert not visible(CATALOGUE, policy_of(caller(), credentials=frozenset())).rows.any()


def test_the_filtered_catalogue_is_for_inference_keys_of_organisations_that_want_it():
    plain = caller()
    assert plain.account is not None
    wanted = replace(plain.account, is_filtered_model_catalog_enabled=True)
    assert not sees_filtered_catalogue(plain)
    assert not sees_filtered_catalogue(None)
    assert sees_filtered_catalogue(replace(plain, account=wanted))
    assert not sees_filtered_catalogue(replace(plain, account=replace(wanted, kind=AccountKind.PERSONAL)))
    assert not sees_filtered_catalogue(replace(plain, account=wanted, key=replace(plain.key, is_management=True)))
