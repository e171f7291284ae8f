"""Modes of ordering, tiers, health, thresholds, private endpoints and stickiness (spec gateway 3.4 to 3.7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.domain.fixture import NOW
from tests.server.domain.routing.scene import (
    ABC,
    OUTAGE,
    TOOLS,
    M,
    abc,
    fast,
    first_shares,
    flat,
    key,
    offer,
    planned,
    pools,
    quick,
    tags,
    text_model,
)
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing import exacto
from trunkline.server.domain.routing.health import Health, classify
from trunkline.server.domain.routing.pools import Pools
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles

SPEEDS = {"statistics": {key("alpha"): fast(10), key("beta"): fast(20), key("gamma"): fast(30)}}
BY_SPEED = ["gamma", "beta", "alpha"]
BY_PRICE = ["alpha", "beta", "gamma"]


@pytest.mark.parametrize(
    ("slug", "asked", "default", "expected"),
    [
        (M, {"provider": {"order": ["beta"], "sort": "throughput"}}, None, ["beta", "alpha", "gamma"]),
        (M, {"provider": {"sort": "throughput"}}, "price", BY_SPEED),
        (f"{M}:nitro", {}, "price", BY_SPEED),
        (f"{M}:nitro", {"provider": {"sort": "price"}}, None, BY_PRICE),
        (f"{M}:floor", {}, "throughput", BY_PRICE),
        (f"{M}:floor", {"provider": {"sort": "throughput"}}, None, BY_SPEED),
        (f"{M}:exacto", {"provider": {"sort": "throughput"}}, None, BY_SPEED),
        (f"{M}:exacto", {}, "throughput", BY_PRICE),
        (M, {}, "throughput", BY_SPEED),
        (M, {"tools": TOOLS}, "price", BY_PRICE),
        (M, {"tools": TOOLS}, "throughput", BY_SPEED),
        (M, {"service_tier": "priority"}, "price", BY_SPEED),
        (M, {"service_tier": "priority", "provider": {"sort": "price"}}, None, BY_PRICE),
    ],
)
def test_the_first_mode_that_applies_holds(slug: str, asked: dict[str, Any], default: str | None, expected: list[str]):
    of = abc(supported_parameters=["tools"])
    for lot in (0.0, 0.99):
        made = planned(of, slug, chance=lambda lot=lot: lot, given={**SPEEDS, "default_sort": default}, **asked)
        assert tags(made) == expected


@pytest.mark.parametrize("asked", [{}, {"tools": TOOLS}, {"provider": {"sort": {"partition": "none"}}}])
def test_else_prices_draw_lots(asked: dict[str, Any]):
    shares = first_shares(abc(supported_parameters=["tools"]), times=600, given=SPEEDS, **asked)
    assert shares["alpha"] == pytest.approx(36 / 49, abs=0.06)


TIERED = (offer("alpha/priority", 4), offer("beta/flex", 0.5), offer("gamma/ultrafast", 9))


@pytest.mark.parametrize(
    ("slug", "asked", "extra"),
    [
        (M, {}, set()),
        (M, {"service_tier": "auto"}, set()),
        (M, {"service_tier": "scale"}, set()),
        (M, {"provider": {"sort": "throughput"}}, set()),
        (M, {"service_tier": "fast"}, {"alpha/priority"}),
        (M, {"speed": "fast"}, {"alpha/priority"}),
        (M, {"service_tier": "ultrafast"}, {"alpha/priority", "gamma/ultrafast"}),
        (f"{M}:nitro", {}, {"alpha/priority"}),
        (f"{M}:floor", {}, {"beta/flex"}),
        (f"{M}:floor", {"service_tier": "default"}, set()),
        (f"{M}:nitro", {"provider": {"order": ["beta"]}}, set()),
        (M, {"provider": {"order": ["beta/flex"]}}, {"beta/flex"}),
        (M, {"provider": {"order": ["beta"]}}, set()),
    ],
)
def test_tier_endpoints_join_where_they_are_asked_for(slug: str, asked: dict[str, Any], extra: set[str]):
    assert set(tags(planned(abc(*TIERED), slug, **asked))) == {"alpha", "beta", "gamma", *extra}


def test_tiers_asked_for_come_first_and_the_rest_by_speed():
    made = planned(abc(*TIERED), service_tier="ultrafast", given=SPEEDS)
    assert tags(made) == ["gamma/ultrafast", "alpha/priority", *BY_SPEED]
    assert tags(planned(abc(*TIERED), provider={"order": ["beta/flex"]}))[0] == "beta/flex"
    assert tags(planned(abc(*TIERED), f"{M}:floor")) == ["beta/flex", *BY_PRICE]


def test_only_may_name_tiers_and_then_means_exactly_those():
    of = abc(*TIERED)
    assert tags(planned(of, provider={"only": ["beta/flex"]})) == ["beta/flex"]
    assert tags(planned(of, provider={"only": ["alpha/priority", "gamma"], "sort": "price"})) == [
        "gamma",
        "alpha/priority",
    ]


def test_flex_endpoints_stand_by_price_and_are_the_only_ones():
    of = abc(offer("beta/flex", 0.5), offer("alpha/flex", 0.2))
    assert tags(planned(of, service_tier="flex", given=SPEEDS)) == ["alpha/flex", "beta/flex"]
    assert tags(planned(of, service_tier="flex", policy=Policy(credentials=frozenset({"gamma"})))) == ["gamma"]


@pytest.mark.parametrize(
    ("seen", "health"),
    [
        (EndpointStatistics(), Health.STABLE),
        (EndpointStatistics(failures_30s=1, attempts_30s=1), Health.STABLE),
        (EndpointStatistics(failures_30s=2, attempts_30s=4), Health.SHAKY),
        (EndpointStatistics(failures_30s=2, attempts_30s=5), Health.STABLE),
        (EndpointStatistics(cooling_until=NOW + 1), Health.SHAKY),
        (EndpointStatistics(cooling_until=NOW), Health.STABLE),
        (EndpointStatistics(uptime_30m=95.0, requests_30m=100), Health.STABLE),
        (EndpointStatistics(uptime_30m=94.99, requests_30m=100), Health.SHAKY),
        (EndpointStatistics(uptime_30m=80.0, requests_30m=100), Health.SHAKY),
        (EndpointStatistics(uptime_30m=79.99, requests_30m=100), Health.DOWN),
        (EndpointStatistics(uptime_30m=79.99, requests_30m=99), Health.STABLE),
        (EndpointStatistics(uptime_30m=79.0, requests_30m=100, cooling_until=NOW + 9), Health.DOWN),
    ],
)
def test_health_has_classes(seen: EndpointStatistics, health: Health):
    assert classify(seen, NOW) is health


def test_classes_follow_one_another_by_price():
    down = EndpointStatistics(uptime_30m=10.0, requests_30m=200)
    of = pools(text_model(), *(offer(tag, usd) for usd, tag in enumerate(("alpha", "beta", "gamma", "delta"), 1)))
    seen = {key("alpha"): down, key("beta"): OUTAGE, key("gamma"): OUTAGE}
    assert tags(planned(of, given={"statistics": seen})) == ["delta", "beta", "gamma", "alpha"]
    every = dict.fromkeys((*seen, key("delta")), OUTAGE)
    assert tags(planned(of, given={"statistics": every})) == ["alpha", "beta", "gamma", "delta"]
    order = {"order": ["alpha"]}
    assert tags(planned(of, provider=order, given={"statistics": seen})) == ["alpha", "delta", "beta", "gamma"]
    assert tags(planned(of, provider={"sort": "price"}, given={"statistics": seen})) == [
        "beta",
        "gamma",
        "delta",
        "alpha",
    ]


def test_latency_sorts_ascending_and_ties_by_price_then_tag():
    seen = {key("alpha"): quick(300), key("beta"): quick(100), key("gamma"): quick(100)}
    assert tags(planned(abc(), provider={"sort": "latency"}, given={"statistics": seen})) == ["beta", "gamma", "alpha"]
    of = pools(text_model(), offer("gamma", 1), offer("beta", 1), offer("alpha", 2))
    assert tags(planned(of, provider={"sort": "throughput"})) == ["beta", "gamma", "alpha"]


def test_several_matches_of_a_listed_provider_stand_by_price():
    of = abc(offer("beta/eu", 1.5), offer("beta/us", 9))
    assert tags(planned(of, provider={"order": ["beta", "gamma"]})) == ["beta/eu", "beta", "beta/us", "gamma", "alpha"]


def test_all_thresholds_must_hold_and_unknown_stands_between():
    seen = {
        key("alpha"): EndpointStatistics(throughput=flat(99), latency=flat(5000)),
        key("beta"): EndpointStatistics(throughput=flat(99), latency=flat(900)),
        key("gamma"): EndpointStatistics(throughput=flat(99)),
    }
    both = {"preferred_min_throughput": 50, "preferred_max_latency": {"p50": 1, "p99": 1}, "sort": "price"}
    assert tags(planned(abc(), provider=both, given={"statistics": seen})) == ["beta", "gamma", "alpha"]
    uneven = {key("alpha"): EndpointStatistics(latency=Percentiles(100, 200, 300, 9000, 50))}
    tail = {"preferred_max_latency": {"p50": 1, "p99": 1}, "sort": "price"}
    assert tags(planned(abc(), provider=tail, given={"statistics": uneven})) == ["beta", "gamma", "alpha"]


def two_models() -> Pools:
    mine = {"private_to": ["acc"]}
    return pools(
        text_model(), *ABC, offer("delta", 9, notes={**mine, "data_policy": {"training": False, "retains": False}}),
        text_model("acme/n"), offer("alpha", 1, "acme/n"), offer("beta", 2, "acme/n"),
    )  # fmt: skip


def places(**asked: Any) -> list[str]:
    made = planned(two_models(), M, "acme/n", policy=Policy(account_id="acc"), **asked)
    return [f"{candidate.model[-1]}.{candidate.target.tag}" for candidate in made.candidates]


def test_private_endpoints_go_first_inside_their_model():
    sort = {"sort": "price"}
    assert places(provider=sort) == ["m.delta", "m.alpha", "m.beta", "m.gamma", "n.alpha", "n.beta"]
    assert places(provider={"sort": {"by": "price", "partition": "none"}}) == [
        "m.delta", "n.alpha", "m.alpha", "n.beta", "m.beta", "m.gamma",
    ]  # fmt: skip
    assert "delta" not in tags(planned(two_models(), provider=sort))
    assert places(provider={**sort, "allow_fallbacks": False}) == ["m.delta", "n.alpha"]


def test_a_kept_endpoint_goes_to_the_head_of_its_model():
    kept = {"remembered": {M: key("beta"), "acme/n": key("beta", "acme/n")}.get}
    assert places(provider={"sort": "price"}, given=kept) == [
        "m.beta", "m.delta", "m.alpha", "m.gamma", "n.beta", "n.alpha",
    ]  # fmt: skip
    gone = {"remembered": {M: key("beta")}.get}
    assert places(provider={"sort": "price", "ignore": ["beta"]}, given=gone)[0] == "m.delta"


def test_a_cutoff_lies_some_deviations_under_the_median():
    known = [("a", 100.0), ("b", 110.0), ("c", 90.0), ("d", 100.0)]
    assert exacto.cutoff(known, 2) == pytest.approx(100 - 2 * 1.4826 * 5)
    assert exacto.cutoff([(name, 50.0) for name in "abcd"], 1.5) == pytest.approx(50 - 1.5 * 0.5)
    assert exacto.cutoff(known[:3], 2) == float("-inf")
    assert exacto.cutoff([("a", value) for _, value in known], 2) == float("-inf")


def proven(speed: float, success: float, **more: Any) -> EndpointStatistics:
    return EndpointStatistics(
        requests_30m=200, tool_requests_2h=200, tool_success=success, throughput_30m=flat(speed), **more
    )


def test_exacto_puts_what_is_unproven_by_price_and_what_fails_last():
    of = abc(supported_parameters=["tools"])
    assert tags(planned(of, f"{M}:exacto", tools=TOOLS, chance=lambda: 0.99)) == BY_PRICE
    seen = {key("alpha"): proven(9, 0.9, failures_30s=5, attempts_30s=5), key("beta"): proven(8, 0.9)}
    assert tags(planned(of, tools=TOOLS, given={"statistics": seen})) == ["beta", "gamma", "alpha"]
    assert tags(planned(of, f"{M}:exacto", tools=TOOLS, given={"statistics": seen})) == ["alpha", "beta", "gamma"]
    down = {**seen, key("alpha"): proven(9, 0.9, uptime_30m=10.0)}
    assert tags(planned(of, f"{M}:exacto", tools=TOOLS, given={"statistics": down})) == ["beta", "gamma", "alpha"]


def test_a_slow_endpoint_is_of_low_quality():
    names = ("alpha", "beta", "gamma", "delta", "epsilon")
    of = pools(text_model(supported_parameters=["tools"]), *(offer(tag, 1) for tag in names))
    speeds = dict(zip(names, (100, 101, 99, 20, 102), strict=True))
    seen = {key(tag): proven(speed, 0.99) for tag, speed in speeds.items()}
    assert tags(planned(of, tools=TOOLS, given={"statistics": seen})) == ["epsilon", "beta", "alpha", "gamma", "delta"]


def test_a_providers_name_does_not_mean_its_only_endpoint_where_that_is_of_a_tier():
    of = abc(offer("delta", 0.5, service_tier="flex"))
    assert "delta" not in tags(planned(of, provider={"order": ["delta"]}))
    assert tags(planned(of, f"{M}:floor"))[0] == "delta"


def test_a_private_endpoint_is_planned_for_its_owners_alone_whoever_asked_before():
    of = two_models()
    for viewer, sees in (("acc", True), ("other", False), ("acc", True), (None, False)):
        assert ("delta" in tags(planned(of, policy=Policy(account_id=viewer)))) is sees
