"""An account's own credentials among the endpoints of a plan (spec gateway 3.7 step 4; cases 34, 45 and 46)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW
from tests.server.domain.routing.scene import (
    M,
    abc,
    account,
    failed,
    fast,
    fault,
    key,
    offer,
    planned,
    pools,
    text_model,
)
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.policy.byok import Credential, label, of_key
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.attempts import conclusion, following
from trunkline.server.domain.routing.byok import Own
from trunkline.server.domain.routing.plan import Plan

EVERYBODY = frozenset({"alpha", "beta", "gamma", "delta"})
AT = datetime.fromtimestamp(NOW, UTC)


def own(provider: str, name: str = "", **fields: Any) -> Credential:
    made: dict[str, Any] = {"id": name or f"own-{provider}", "account_id": "acc", "label": "", "sealed": ""}
    return Credential(provider=provider, created_at=AT, **{**made, **fields})


def bringing(*credentials: Credential, shared: frozenset[str] = EVERYBODY) -> dict[str, Any]:
    return {"own": Own(credentials, shared)}


def shown(made: Plan) -> list[str]:
    """Return a plan's candidates: the provider, and with `+` the id of the credential."""
    return [
        one.target.provider + ("" if one.credential is None else f"+{one.credential.id}") for one in made.candidates
    ]


def test_own_credentials_stand_before_every_order():
    made = planned(abc(), given=bringing(own("beta", "k")), provider={"order": ["alpha", "beta"]})
    assert shown(made) == ["beta+k", "alpha", "beta", "gamma"]


def test_several_stand_by_the_order_of_their_endpoints_and_then_as_they_were_made():
    keys = (own("gamma", "g"), own("alpha", "a0"), own("alpha", "a1"), own("beta", "f", is_fallback=True))
    made = planned(abc(), given=bringing(*keys), provider={"sort": "price"})
    assert shown(made) == ["alpha+a0", "alpha+a1", "gamma+g", "alpha", "beta", "gamma", "beta+f"]


def test_one_that_is_always_used_keeps_the_shared_endpoint_out():
    made = planned(abc(), given=bringing(own("beta", "k", is_required=True)), provider={"sort": "price"})
    assert shown(made) == ["beta+k", "alpha", "gamma"]
    limited = fault(429, FaultType.RATE_LIMIT_EXCEEDED, counts=False)
    assert [following(made, failed(made, *[limited] * count)) for count in (1, 2)] == [*made.candidates[1:]]
    fallback = own("beta", "k", is_required=True, is_fallback=True)
    assert shown(planned(abc(), given=bringing(fallback), provider={"sort": "price"})) == ["alpha", "gamma", "beta+k"]
    other = own("beta", "k", is_required=True, allowed_models=("acme/other",))
    assert shown(planned(abc(), given=bringing(other), provider={"sort": "price"})) == ["alpha", "beta", "gamma"]


def test_one_that_is_the_only_way_keeps_the_provider_out_of_other_models_too():
    only = own("beta", "k", is_byok_only=True, allowed_models=("acme/other",))
    made = planned(abc(), given=bringing(only), provider={"sort": "price"})
    assert shown(made) == ["alpha", "gamma"]
    assert made.removed[key("beta")] == "credential"
    refused = planned(abc(), given=bringing(only), provider={"only": ["beta"]}).refusal
    assert refused is not None
    assert refused.status == 404


@pytest.mark.parametrize(("declared", "serves"), [(None, True), (True, True), (False, False)])
def test_an_account_that_retains_serves_no_call_that_needs_none(declared: bool | None, serves: bool):
    kept = bringing(own("beta", "k", declared_zdr=declared))
    asked = planned(abc(), given=kept, provider={"sort": "price", "zdr": True})
    assert shown(asked) == [*(["beta+k"] if serves else []), "alpha", "beta", "gamma"]
    under = planned(abc(), given=kept, policy=account(enforce_zdr_other=True), provider={"sort": "price"})
    assert shown(under) == shown(asked)
    assert shown(planned(abc(), given=kept, provider={"sort": "price"}))[0] == "beta+k"


@pytest.mark.parametrize(
    ("region", "declared", "serves"),
    [
        (None, "europe", True),
        (None, None, True),
        ("eu", "europe", True),
        ("eu", "global", True),
        ("eu", None, True),
        ("eu", "us", False),
        ("us", "europe", False),
    ],
)
def test_an_account_of_another_region_serves_no_call_to_a_regional_host(
    region: str | None, declared: str | None, serves: bool
):
    of = pools(text_model(), offer("beta", 1, notes={"regions": ["eu", "us"]}))
    made = planned(of, policy=Policy(region=region), given=bringing(own("beta", "k", declared_region=declared)))
    assert shown(made) == [*(["beta+k"] if serves else []), "beta"]


def test_models_keep_to_their_own_unless_they_are_ordered_together():
    of = abc(text_model("acme/n"), offer("delta", 1, "acme/n"))
    asked = {"given": bringing(own("delta", "k")), "provider": {"sort": "price"}}
    assert shown(planned(of, M, "acme/n", **asked)) == ["alpha", "beta", "gamma", "delta+k", "delta"]
    asked["provider"] = {"sort": {"by": "price", "partition": "none"}}
    assert shown(planned(of, M, "acme/n", **asked))[0] == "delta+k"


def test_policy_is_asked_first():
    """Case 34: no key of one's own brings back what was removed."""
    made = planned(abc(), given=bringing(own("beta")), provider={"ignore": ["beta"], "sort": "price"})
    assert shown(made) == ["alpha", "gamma"]


def test_a_provider_that_the_operator_has_no_key_for_is_called_with_ones_own_only():
    shared, policy = frozenset({"alpha"}), Policy(credentials=frozenset({"alpha", "beta"}))
    made = planned(abc(), policy=policy, given=bringing(own("beta", "k"), shared=shared), provider={"sort": "price"})
    assert shown(made) == ["beta+k", "alpha"]
    other = own("beta", "k", allowed_models=("acme/other",))
    made = planned(abc(), policy=policy, given=bringing(other, shared=shared), provider={"sort": "price"})
    assert shown(made) == ["alpha"]
    assert made.removed[key("beta")] == "credential"
    made = planned(abc(), policy=policy, given=bringing(other, shared=shared), provider={"only": ["beta"]})
    assert made.refusal is not None
    assert made.refusal.status == 404


def test_a_credential_for_some_models_is_for_those():
    of = pools(text_model(), text_model("acme/n"), offer("beta", 1), offer("beta", 1, "acme/n"))
    keys = bringing(own("beta", "k", allowed_models=("acme/n",)))
    assert shown(planned(of, M, given=keys)) == ["beta"]
    assert shown(planned(of, "acme/n", given=keys)) == ["beta+k", "beta"]


def test_without_fallbacks_the_endpoint_with_ones_own_credential_is_left():
    asked = {"provider": {"sort": "price", "allow_fallbacks": False}}
    assert shown(planned(abc(), given=bringing(own("gamma", "k")), **asked)) == ["gamma+k", "gamma"]
    assert shown(planned(abc(), given=bringing(own("gamma", "k", is_fallback=True)), **asked)) == ["alpha"]


def test_a_conversation_stays_behind_ones_own():
    made = planned(abc(), given={**bringing(own("beta", "k")), "remembered": lambda _: key("gamma")})
    assert shown(made)[:2] == ["beta+k", "gamma"]


def test_nobody_is_tried_twice_with_one_credential():
    made = planned(abc(), given=bringing(own("alpha", "k")), provider={"only": ["alpha"]})
    assert shown(made) == ["alpha+k", "alpha"]
    first = failed(made, fault(500))
    assert following(made, first) == made.candidates[1]
    assert following(made, failed(made, fault(500), fault(500))) is None


def test_a_refusal_of_ones_own_credential_is_told_as_one_that_repeating_does_not_mend():
    kept = bringing(own("alpha", "k", is_required=True))
    made = planned(abc(), given=kept, provider={"only": ["alpha"]})
    for status in (401, 402, 400):
        told = conclusion(made, failed(made, fault(status)))
        assert (told.status, told.type, told.retry_after) == (403, FaultType.PERMISSION_DENIED, None)
        assert "Alpha refused this account's own key" in told.message
    assert conclusion(made, failed(made, fault(500))).status == 503
    assert conclusion(made, failed(made, fault(200))).status == 502
    shared = planned(abc(), given=bringing(own("alpha", "k")), provider={"only": ["alpha"]})
    assert conclusion(shared, failed(shared, fault(401), fault(401))).status == 502


@given(
    st.lists(
        st.builds(
            own,
            st.sampled_from(["alpha", "beta", "gamma", "delta"]),
            st.uuids().map(str),
            is_fallback=st.booleans(),
            is_required=st.booleans(),
            is_byok_only=st.booleans(),
            allowed_models=st.sampled_from([None, (M,), ("acme/n",), ()]),
        ),
        max_size=6,
    ),
    st.sets(st.sampled_from(sorted(EVERYBODY))).map(frozenset),
    st.sampled_from([{}, {"sort": "throughput"}, {"order": ["gamma"]}, {"sort": {"by": "price", "partition": "none"}}]),
)
def test_every_offer_is_there_once_and_shared_ones_keep_their_order(keys, shared, preferences):
    of = abc(text_model("acme/n"), offer("delta", 1, "acme/n"), offer("alpha", 5, "acme/n"))
    speeds = {"statistics": {key("beta"): fast(50)}}
    plain = planned(of, M, "acme/n", given=speeds, chance=lambda: 0.5, provider=preferences)
    given_ = {**speeds, **bringing(*keys, shared=shared)}
    made = planned(of, M, "acme/n", given=given_, chance=lambda: 0.5, provider=preferences)
    assert len({one.offer for one in made.candidates}) == len(made.candidates)
    wanted = set()
    for one in plain.candidates:
        mine = [own for own in keys if own.provider == one.target.provider and own.takes(one.model)]
        only = any(own.is_byok_only for own in keys if own.provider == one.target.provider)
        if one.target.provider in shared and not only and not any(own.is_required for own in mine):
            wanted.add((one.key, None))
        wanted |= {(one.key, own.id) for own in mine}
    assert {one.offer for one in made.candidates} == wanted
    listed = [one.key for one in made.candidates if one.credential is None]
    if shared == EVERYBODY and preferences:  # else the lots fall among others
        assert listed == [one.key for one in plain.candidates if (one.key, None) in wanted]


def test_who_may_use_a_credential():
    key = Key(hash="h", name="", label="", account_id="acc", created_at=AT, workspace_id="w", creator_user_id="ada")
    serving = [
        own("alpha"),
        own("alpha", workspace_id="w"),
        own("alpha", allowed_api_key_hashes=("x", "h")),
        own("alpha", allowed_user_ids=("ada",)),
    ]
    others = [
        own("alpha", account_id="other"),
        own("alpha", disabled=True),
        own("alpha", workspace_id="v"),
        own("alpha", allowed_api_key_hashes=("x",)),
        own("alpha", allowed_user_ids=("bob",)),
        own("alpha", allowed_user_ids=()),
    ]
    assert of_key([*serving, *others], key) == tuple(serving)
    late = [own("alpha", "b", sort_order=1), own("alpha", "c"), own("alpha", "a", sort_order=1)]
    assert [one.id for one in of_key(late, key)] == ["c", "a", "b"]


def test_a_label_shows_little():
    assert label("sk-proj-1234567890AbCd") == "sk-...AbCd"
    assert label("short-secret") == "..."
