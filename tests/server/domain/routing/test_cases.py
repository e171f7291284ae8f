"""Cases 17 to 48 of the gateway's conformance suite, as far as a plan decides them (spec gateway 8.2)."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from tests.server.domain.fixture import RETAINS, STRICT, alias, latest, provider
from tests.server.domain.routing.scene import (
    ABC,
    EMBEDDINGS,
    OUTAGE,
    TOOLS,
    M,
    abc,
    account,
    dollars,
    failed,
    fast,
    fault,
    first_shares,
    flat,
    key,
    offer,
    planned,
    pools,
    quick,
    request,
    tags,
    text_model,
)
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.routing.attempts import conclusion, following
from trunkline.server.domain.routing.pools import Pools
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles
from trunkline.server.domain.routing.sticky import Conversation, conversation, worth_keeping


def near(shares: dict[str, float], **expected: float) -> None:
    assert shares.keys() == expected.keys()
    for tag, share in expected.items():
        assert shares[tag] == pytest.approx(share, abs=0.03), tag


def test_17_an_endpoint_in_outage_is_never_first_and_the_others_share_by_price():
    outage = {"statistics": {key("beta"): OUTAGE}}
    near(first_shares(abc(), times=10_000, given=outage), alpha=0.9, gamma=0.1)
    for seed in (1, 2, 3, 4, 5, 6, 7, 8):
        order = tags(planned(abc(), chance=Random(seed).random, given=outage))
        assert order in (["alpha", "gamma", "beta"], ["gamma", "alpha", "beta"])


def test_18_healthy_endpoints_are_first_by_the_inverse_square_of_their_price():
    near(first_shares(abc()), alpha=36 / 49, beta=9 / 49, gamma=4 / 49)


def test_19_free_endpoints_share_alike_and_go_before_paid_ones():
    of = pools(text_model(), ABC[0], offer("beta", 0), offer("gamma", 0))
    near(first_shares(of), beta=0.5, gamma=0.5)
    assert tags(planned(of))[-1] == "alpha"


def test_20_a_sort_by_price_is_without_chance():
    assert {tuple(tags(planned(abc(), provider={"sort": "price"}))) for _ in range(100)} == {("alpha", "beta", "gamma")}


def test_21_a_sort_by_throughput_puts_the_unknown_last():
    known = {"statistics": {key("alpha"): fast(10), key("beta"): fast(90)}}
    assert tags(planned(abc(), provider={"sort": "throughput"}, given=known)) == ["beta", "alpha", "gamma"]


def test_22_a_listed_provider_that_does_not_host_the_model_is_skipped():
    assert tags(planned(abc(), provider={"order": ["openai", "gamma"]})) == ["gamma", "alpha", "beta"]


def test_23_without_fallbacks_only_the_listed_are_attempted_and_the_upstream_error_returns():
    made = planned(abc(), provider={"order": ["openai", "gamma"], "allow_fallbacks": False})
    assert tags(made) == ["gamma"]
    outcomes = failed(made, fault(500))
    assert following(made, outcomes) is None
    assert conclusion(made, outcomes).status == 502


def test_24_without_fallbacks_there_is_one_attempt():
    made = planned(abc(), provider={"allow_fallbacks": False})
    assert len(made.candidates) == 1
    assert following(made, failed(made, fault(500))) is None


def test_25_only_and_the_accounts_list_have_nothing_in_common():
    made = planned(abc(), provider={"only": ["beta"]}, policy=account(allowed_providers=("alpha",)))
    refusal = made.refusal
    assert refusal is not None
    assert refusal.availability is not None
    assert (refusal.status, refusal.availability.code, refusal.availability.excluded_by) == (
        404,
        "no_endpoints",
        ("allowed_providers",),
    )
    assert refusal.metadata == {"available_providers": ["alpha", "beta", "gamma"], "requested_providers": ["beta"]}
    assert made.total == 3


def test_26_what_request_and_account_ignore_adds_up():
    assert tags(planned(abc(), provider={"ignore": ["alpha"]}, policy=account(ignored_providers=("beta",)))) == [
        "gamma"
    ]


def test_27_a_provider_means_all_of_its_regions_and_a_tag_just_one():
    of = abc(provider("gv", "GV", STRICT), offer("gv/us-east5", 4), offer("gv/us-central1", 4))
    assert sorted(tags(planned(of, provider={"only": ["gv"]}))) == ["gv/us-central1", "gv/us-east5"]
    assert tags(planned(of, provider={"only": ["gv/us-east5"]})) == ["gv/us-east5"]


def test_28_a_provider_does_not_mean_its_service_tiers():
    of = abc(offer("alpha/flex", 0.5))
    assert tags(planned(of, provider={"only": ["alpha"]})) == ["alpha"]
    assert tags(planned(of, provider={"only": ["alpha/flex"]})) == ["alpha/flex"]


@pytest.mark.parametrize("cap", [1.5, "1.5"])
def test_29_a_maximal_price_may_be_a_number_or_a_string(cap: Any):
    assert tags(planned(abc(), provider={"max_price": {"prompt": cap}})) == ["alpha"]


def test_29_a_maximal_price_under_all_prices_filters_everything():
    assert refused(planned(abc(), provider={"max_price": {"prompt": 0.5}})) == (
        404,
        "constraint_filtered",
        ("max_price",),
    )


def refused(made: Any) -> tuple[int, str | None, tuple[str, ...]]:
    assert made.candidates == ()
    assert made.refusal is not None
    available = made.refusal.availability
    return made.refusal.status, available and available.code.value, available.excluded_by if available else ()


@pytest.mark.parametrize(("asked", "left"), [("fp8", ["alpha"]), ("unknown", ["gamma"]), ("fp16", ["beta"])])
def test_30_fp8_covers_mxfp8_and_undeclared_is_unknown(asked: str, left: list[str]):
    of = pools(
        text_model(),
        offer("alpha", 1, quantization="mxfp8"),
        offer("beta", 2, quantization="fp16"),
        offer("gamma", 3, quantization=None),
    )
    assert tags(planned(of, provider={"quantizations": [asked]})) == left


def test_31_tools_go_only_where_they_are_supported():
    of = pools(
        text_model(),
        offer("alpha", 1, supported_parameters=["temperature"]),
        offer("beta", 2, supported_parameters=["tools"]),
        offer("gamma", 3, supported_parameters=[]),
    )
    made = planned(of, tools=TOOLS)
    assert tags(made) == ["beta"]
    assert dict(made.candidates[0].changes) == {}


def test_31_tools_are_stripped_where_nobody_supports_them():
    made = planned(abc(supported_parameters=["temperature"]), tools=TOOLS, tool_choice="auto")
    assert len(made.candidates) == 3
    assert all(dict(candidate.changes) == {"tools": None, "tool_choice": None} for candidate in made.candidates)


def test_32_a_required_parameter_that_nobody_supports_filters_everything():
    of = abc(supported_parameters=["temperature"])
    made = planned(of, seed=1, provider={"require_parameters": True})
    assert refused(made) == (404, "constraint_filtered", ("require_parameters",))
    assert len(planned(of, seed=1).candidates) == 3


def test_33_a_request_cannot_relax_the_accounts_zdr():
    of = pools(text_model(), offer("alpha", 1, notes=RETAINS), offer("beta", 2, notes=RETAINS), offer("gamma", 3))
    policy = account(enforce_zdr_other=True)
    assert tags(planned(of, provider={"zdr": False}, policy=policy)) == ["gamma"]
    without = pools(text_model(), offer("alpha", 1, notes=RETAINS))
    assert refused(planned(without, policy=policy)) == (404, "privacy_restricted", ("data_policy:zdr",))
    assert tags(planned(of, provider={"zdr": True})) == ["gamma"]


def test_35_a_threshold_puts_those_that_miss_it_behind_but_keeps_them():
    seen = {
        key("alpha"): EndpointStatistics(throughput=Percentiles(100, 80, 20, 10, 50)),
        key("beta"): EndpointStatistics(throughput=Percentiles(70, 65, 60, 55, 50)),
    }
    made = planned(abc(), provider={"preferred_min_throughput": {"p90": 50}}, given={"statistics": seen})
    assert tags(made) == ["beta", "gamma", "alpha"]
    every = {"preferred_min_throughput": {"p90": 1000}}
    assert set(tags(planned(abc(), provider=every, given={"statistics": seen}))) == {"alpha", "beta", "gamma"}


def two_models() -> Pools:
    return pools(text_model(), text_model("acme/n"), ABC[0], offer("beta", 2, "acme/n"))


def test_36_a_fallback_model_that_meets_a_threshold_precedes_the_first_that_misses_it():
    seen = {key("alpha"): quick(3000), key("beta", "acme/n"): quick(500)}
    made = planned(two_models(), M, "acme/n", provider={"preferred_max_latency": 1}, given={"statistics": seen})
    assert [candidate.model for candidate in made.candidates] == ["acme/n", M]


@pytest.mark.parametrize(("partition", "first"), [("model", M), ("none", "acme/n")])
def test_37_a_partition_decides_whether_models_or_endpoints_come_first(partition: str, first: str):
    seen = {key("alpha"): fast(10), key("beta", "acme/n"): fast(90)}
    sort = {"by": "throughput", "partition": partition}
    made = planned(two_models(), M, "acme/n", provider={"sort": sort}, given={"statistics": seen})
    assert made.candidates[0].model == first
    assert made.strategy == "fallback"


def test_38_nitro_admits_priority_endpoints_unless_the_tier_is_said():
    of = abc(offer("alpha/priority", 2))
    seen = {key("alpha/priority"): fast(200), key("beta"): fast(50)}
    made = planned(of, f"{M}:nitro", given={"statistics": seen})
    assert tags(made) == ["alpha/priority", "beta", "alpha", "gamma"]
    assert made.candidates[0].target.prices(10).stated == dollars(2)
    assert "alpha/priority" not in tags(planned(of, f"{M}:nitro", service_tier="default", given={"statistics": seen}))


def test_39_flex_has_no_other_endpoints_to_fall_back_to():
    made = planned(abc(offer("alpha/flex", 0.5)), service_tier="flex")
    assert tags(made) == ["alpha/flex"]
    outcomes = failed(made, fault(429, FaultType.RATE_LIMIT_EXCEEDED))
    assert following(made, outcomes) is None
    assert conclusion(made, outcomes).status == 429
    assert len(planned(abc(), service_tier="flex").candidates) == 3


def exacto_scene() -> tuple[Pools, dict[str, Any]]:
    of = pools(
        text_model(supported_parameters=["tools"]),
        *(offer(tag, 5 - number) for number, tag in enumerate(("alpha", "beta", "gamma", "delta", "epsilon"))),
    )
    seen = {
        key(tag): EndpointStatistics(
            requests_30m=requests,
            tool_requests_2h=300,
            tool_success=success,
            throughput_30m=flat(speed),
            uptime_30m=100.0,
        )
        for tag, requests, success, speed in (
            ("alpha", 500, 0.99, 100),
            ("beta", 500, 0.98, 101),
            ("gamma", 500, 0.60, 102),
            ("delta", 500, 0.97, 99),
            ("epsilon", 50, 0.99, 100),
        )
    }
    return of, {"statistics": seen}


def test_41_tool_requests_go_to_the_good_then_the_unproven_then_the_clumsy():
    of, given = exacto_scene()
    assert tags(planned(of, tools=TOOLS, given=given)) == ["beta", "alpha", "delta", "epsilon", "gamma"]
    by_price = ["epsilon", "delta", "gamma", "beta", "alpha"]
    assert tags(planned(of, f"{M}:floor", tools=TOOLS, given=given)) == by_price
    assert tags(planned(of, f"{M}:exacto", given=given)) == ["beta", "alpha", "delta", "epsilon", "gamma"]


def test_42_uptime_counts_only_from_a_hundred_requests():
    seen = {
        key("alpha"): EndpointStatistics(uptime_30m=78.0, requests_30m=150),
        key("beta"): EndpointStatistics(uptime_30m=60.0, requests_30m=50),
    }
    assert all(tags(planned(abc(), given={"statistics": seen}))[-1] == "alpha" for _ in range(20))
    near(first_shares(abc(), given={"statistics": seen}), beta=9 / 13, gamma=4 / 13)


def test_43_a_conversation_stays_with_its_endpoint_unless_an_order_is_given_or_it_fails():
    kept = {"remembered": {M: key("gamma")}.get}
    assert tags(planned(abc(), given=kept))[0] == "gamma"
    assert tags(planned(abc(), provider={"order": ["beta"]}, given=kept))[0] == "beta"
    assert tags(planned(abc(), provider={"sort": "price"}, given=kept)) == ["gamma", "alpha", "beta"]
    out = {**kept, "statistics": {key("gamma"): OUTAGE}}
    assert tags(planned(abc(), given=out))[-1] == "gamma"
    forgotten = {"remembered": {}.get}
    near(first_shares(abc(), given=forgotten), alpha=36 / 49, beta=9 / 49, gamma=4 / 49)


def test_44_an_unnamed_conversation_is_remembered_once_its_cache_was_of_use():
    cached = dollars(2, input_cache_read="0.0000005")
    made = planned(pools(text_model(), offer("alpha", 2, pricing=cached)))
    target, told = made.candidates[0].target, conversation(request())
    assert told is not None
    assert not told.explicit
    assert not worth_keeping(told, target, prompt_tokens=10, cached_tokens=0)
    assert worth_keeping(told, target, prompt_tokens=10, cached_tokens=5)
    assert worth_keeping(Conversation("s", explicit=True), target, prompt_tokens=10, cached_tokens=0)


def test_47_slugs_that_lead_nowhere_say_why():
    of = pools(
        text_model(),
        *ABC,
        text_model("acme/embed", architecture=EMBEDDINGS),
        offer("alpha", 1, "acme/embed"),
        text_model("acme/old", {"successor": M}, expiration_date="2026-01-31"),
        alias("acme/em", M),
    )
    assert refused(planned(of, "acme/nope")) == (400, "model_not_found", ())
    wrong = planned(of, "acme/embed")
    assert refused(wrong) == (400, "wrong_endpoint", ())
    assert wrong.refusal.availability.constraint.detail == "/embeddings"
    old = planned(of, "acme/old")
    assert refused(old) == (404, "model_deprecated", ())
    assert old.refusal.availability.fallback_models == (M,)
    ended = planned(of, f"{M}:free")
    assert refused(ended) == (404, "free_variant_ended", ())
    assert ended.refusal.availability.fallback_models == (M,)
    assert planned(of, "acme/em").strategy == "alias"


def test_48_a_family_raises_an_effort_of_none_and_a_named_model_refuses_it():
    reasoning = {"mandatory": True, "supported_efforts": ["high", "medium", "low"]}
    of = pools(text_model(reasoning=reasoning), *ABC, latest("~acme/m-latest", M))
    made = planned(of, "~acme/m-latest", reasoning={"effort": "none", "exclude": True})
    assert (made.strategy, made.candidates[0].model) == ("latest", M)
    assert msgspec.json.decode(made.candidates[0].changes["reasoning"]) == {"effort": "low", "exclude": True}
    refusal = planned(of, M, reasoning={"effort": "none"}).refusal
    assert refusal is not None
    assert (refusal.status, refusal.type) == (400, "invalid_request")
