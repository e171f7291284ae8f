"""What holds for every plan, whatever the catalogue, the policy, the request and the statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW, snapshot
from tests.server.domain.routing import worlds
from tests.server.domain.routing.scene import fault, planned
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.policy.predicate import passes
from trunkline.server.domain.routing.attempts import Outcome, following
from trunkline.server.domain.routing.needs import SMALL_WINDOW
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.domain.routing.pools import Pools

CHANCES = st.sampled_from((0.0, 0.25, 0.5, 0.999_999_999_999))
PLANS = {
    "facts": worlds.catalogues(),
    "policy": worlds.policies(),
    "wishes": worlds.wishes(),
    "asked": worlds.asked(),
    "slugs": worlds.slugs(),
    "chance": CHANCES,
}


def made(of: Pools, slugs: tuple[str, ...], chance: float, **more: Any) -> Plan:
    return planned(of, *slugs, chance=lambda: chance, **more)


def named(items: list[str], endpoint: Endpoint) -> bool:
    """Tell whether an item names an endpoint, written down as spec gateway 3.3 puts it."""
    tier = endpoint.traits.tier
    lowered = [item.lower() for item in items]
    return endpoint.wire["tag"] in lowered or (tier is None and endpoint.provider in lowered)


def everything(of: Pools, plan: Plan, policy: Policy) -> Iterator[Endpoint]:
    """Yield the endpoints of a plan's models that the caller may know of."""
    for listed in plan.shortlists:
        row = listed.pool.model.row
        yield from (endpoint for endpoint in row.endpoints if endpoint.traits.permits(policy.viewer))


@given(**PLANS, statistics=worlds.statistics())
def test_every_planned_endpoint_passes_policy_and_the_requests_own_filters(
    facts, policy, wishes, asked, slugs, chance, statistics
):
    of = Pools(snapshot(facts), NOW)
    plan = made(of, slugs, chance, policy=policy, provider=wishes, given={"statistics": statistics}, **asked)
    rows = {row.id: row for row in of.snapshot.rows}
    for candidate in plan.candidates:
        endpoint, traits = candidate.endpoint, candidate.endpoint.traits
        assert passes(endpoint, rows[candidate.model], policy).passed
        assert not wishes.get("only") or named(wishes["only"], endpoint)
        assert not wishes.get("ignore") or not named(wishes["ignore"], endpoint)
        if wishes.get("zdr"):
            assert endpoint.zdr
        if wishes.get("data_collection") == "deny":
            assert not any((traits.trains, traits.retains, traits.publishes))
        if wishes.get("enforce_distillable_text"):
            assert rows[candidate.model].notes["distillable"]
        if wishes.get("quantizations"):
            stated = (endpoint.wire["quantization"] or "unknown").replace("mx", "")
            assert stated in wishes["quantizations"]
        if wishes.get("require_parameters") and "seed" in asked:
            assert "seed" in endpoint.wire["supported_parameters"]
        prices = candidate.target.prices(plan.needs.prompt_tokens)
        for unit, cap in wishes.get("max_price", {}).items():
            assert prices.of(unit) * (1 if unit == "request" else 1_000_000) <= type(prices.prompt)(str(cap))
        window = endpoint.wire["context_length"]
        answer = asked.get("max_tokens", 0)
        assert not window or plan.needs.prompt_tokens + answer <= window or answer < window <= SMALL_WINDOW


@given(**PLANS, statistics=worlds.statistics())
def test_every_endpoint_is_planned_once_or_has_a_reason_not_to_be(
    facts, policy, wishes, asked, slugs, chance, statistics
):
    of = Pools(snapshot(facts), NOW)
    plan = made(of, slugs, chance, policy=policy, provider=wishes, given={"statistics": statistics}, **asked)
    keys = [candidate.key for candidate in plan.candidates]
    assert len(set(keys)) == len(keys)
    assert set(keys).isdisjoint(plan.removed)
    assert {*keys, *plan.removed} == {endpoint.key for endpoint in everything(of, plan, policy)}
    assert (plan.refusal is None) == bool(keys)


@given(**PLANS, statistics=worlds.statistics(), kept=st.integers(0, 5))
def test_what_traffic_taught_orders_and_never_excludes(facts, policy, wishes, asked, slugs, chance, statistics, kept):
    of = Pools(snapshot(facts), NOW)
    plain = made(of, slugs, chance, policy=policy, provider=wishes, **asked)
    keys = [candidate.key for candidate in plain.candidates]
    remembered = {key.split(" ")[0]: key for key in keys[kept : kept + 1]}.get
    bounds = {"preferred_min_throughput": {"p50": 40, "p99": 10}, "preferred_max_latency": 0.9}
    around = {"statistics": statistics, "remembered": remembered}
    moved = made(of, slugs, chance, policy=policy, provider={**wishes, **bounds}, given=around, **asked)
    assert sorted(keys) == sorted(candidate.key for candidate in moved.candidates)
    assert {candidate.key: candidate.changes for candidate in plain.candidates} == {
        candidate.key: candidate.changes for candidate in moved.candidates
    }


@given(**PLANS, statistics=worlds.statistics())
def test_without_fallbacks_a_plan_has_the_first_endpoint_of_each_model_or_the_listed_ones(
    facts, policy, wishes, asked, slugs, chance, statistics
):
    of = Pools(snapshot(facts), NOW)
    around = {"statistics": statistics}
    full = made(of, slugs, chance, policy=policy, provider=wishes, given=around, **asked)
    cut = made(of, slugs, chance, policy=policy, provider={**wishes, "allow_fallbacks": False}, given=around, **asked)
    if wishes.get("order"):
        assert [one for one in full.candidates if named(wishes["order"], one.endpoint)] == list(cut.candidates)
    else:
        firsts = {one.model: one for one in reversed(full.candidates)}
        assert [one for one in full.candidates if firsts[one.model] is one] == list(cut.candidates)


@given(**PLANS)
def test_models_are_tried_in_the_order_in_which_they_are_wanted(facts, policy, wishes, asked, slugs, chance):
    of = Pools(snapshot(facts), NOW)
    if isinstance(wishes.get("sort"), dict):
        del wishes["sort"]
    plan = made(of, slugs, chance, policy=policy, provider=wishes, **asked)
    wanted = list(dict.fromkeys(slug.split(":")[0] for slug in slugs))
    ranks = [wanted.index(candidate.model) for candidate in plan.candidates]
    assert ranks == sorted(ranks)


@given(**PLANS)
def test_pools_that_have_planned_before_plan_as_fresh_ones_do(facts, policy, wishes, asked, slugs, chance):
    used, state = Pools(snapshot(facts), NOW), {"policy": policy, "provider": wishes, **asked}
    made(used, slugs, chance)
    made(used, slugs, chance, policy=policy)
    made(used, slugs, chance, **state)
    again = made(used, slugs, chance, **state)
    fresh = made(Pools(snapshot(facts), NOW), slugs, chance, **state)
    assert [one.key for one in again.candidates] == [one.key for one in fresh.candidates]
    assert again.removed == fresh.removed
    assert again.refusal == fresh.refusal


@given(**PLANS, keys=st.lists(st.booleans(), min_size=3, max_size=3))
def test_attempts_end_and_give_no_endpoint_twice(facts, policy, wishes, asked, slugs, chance, keys):
    plan = made(Pools(snapshot(facts), NOW), slugs, chance, policy=policy, provider=wishes, **asked)
    larger, other, model = keys
    failing = fault(500, larger_window_only=larger, other_provider_only=other, next_model=model)
    outcomes: list[Outcome] = []
    while (candidate := following(plan, outcomes)) is not None:
        assert candidate in plan.candidates
        if outcomes and candidate.model == outcomes[-1].candidate.model:
            assert not other or candidate.target.provider != outcomes[-1].candidate.target.provider
        assert model or not outcomes or candidate.model == outcomes[0].candidate.model
        outcomes.append(Outcome(candidate, failing))
    assert len({outcome.candidate.key for outcome in outcomes}) == len(outcomes) <= 10
    if not (larger or other) and model:
        assert len(outcomes) == min(len(plan.candidates), 10)
