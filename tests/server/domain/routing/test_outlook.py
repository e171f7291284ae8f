"""What is kept of one plan for the next of its kind never changes what the next one is."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW, snapshot
from tests.server.domain.routing import worlds
from tests.server.domain.routing.scene import abc, planned
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.domain.routing.pools import Pools

WORDS = st.sampled_from((1, 10, 60, 5_000))


def told(plan: Plan) -> tuple[Any, ...]:
    """Return all of a plan that its caller can be told."""
    candidates = [(one.key, one.requested, dict(one.changes)) for one in plan.candidates]
    return candidates, plan.strategy, plan.needs, dict(plan.removed), plan.misses, plan.refusal


@given(
    facts=worlds.catalogues(),
    policy=worlds.policies(),
    wishes=st.one_of(st.just({}), worlds.wishes()),
    asked=worlds.asked(),
    slugs=worlds.slugs(),
    lengths=st.lists(WORDS, min_size=2, max_size=4),
)
def test_a_plan_is_the_same_whatever_was_planned_before_it(facts, policy, wishes, asked, slugs, lengths):
    facts = snapshot(facts)
    shared = Pools(facts, NOW)
    for words in lengths:
        call = {
            "policy": policy,
            "provider": wishes,
            **asked,
            "messages": [{"role": "user", "content": "word " * words}],
        }
        anew = planned(Pools(facts, NOW), *slugs, chance=lambda: 0.25, **call)
        assert told(planned(shared, *slugs, chance=lambda: 0.25, **call)) == told(anew)


def test_requests_of_one_kind_share_what_was_found_out():
    of = abc()
    another = [{"role": "user", "content": "Another one"}]
    first, second = planned(of, max_tokens=5), planned(of, messages=another, max_tokens=7)
    assert second.shortlists[0] is first.shortlists[0]


def test_a_prompt_beyond_the_least_window_is_looked_at_for_itself():
    of = abc(context_length=32_000)
    long = [{"role": "user", "content": "word " * 60_000}]
    assert planned(of).candidates
    assert not planned(of, messages=long).candidates
    assert planned(of).candidates


def test_fields_that_nobody_reads_make_no_kind_of_their_own():
    of = abc()
    first = planned(of, seed=1)
    for name in ("unheard_of", "x" * 100_000):
        assert planned(of, seed=2, **{name: 1}).shortlists[0] is first.shortlists[0]


@pytest.mark.parametrize(
    ("slugs", "asked"),
    [
        (("acme/m",) * 9, {}),
        ((), {"provider": {"ignore": ["nobody" * 100]}}),
        ((), {"response_format": {"type": "json_object", "schema": "x" * 1_000}}),
    ],
)
def test_what_callers_may_make_long_is_not_remembered(slugs, asked):
    of = abc()
    first, second = planned(of, *slugs, **asked), planned(of, *slugs, **asked)
    assert told(first) == told(second)
    assert second.shortlists[0] is not first.shortlists[0]


@pytest.mark.parametrize("member", ["only", "ignore", "order"])
def test_long_lists_of_providers_and_long_slugs_leave_nothing_behind(member):
    of = abc()

    def ask(number: int) -> int:
        long = "x" * 10_000 + str(number)
        assert of.find(f"acme/{long}") is None
        return len(planned(of, provider={member: ["alpha", long]}).candidates)

    expected = ask(0)
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        found = {ask(number) for number in range(1, 50)}
        left = sum(each.size_diff for each in tracemalloc.take_snapshot().compare_to(before, "filename"))
    finally:
        tracemalloc.stop()
    assert found == {expected} == {len(planned(abc(), provider={member: ["alpha"]}).candidates)}
    assert left < 49 * 10_000
