"""What is kept of one plan for the next of its kind never changes what the next one is."""

from __future__ import annotations

from typing import Any

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
    calls=st.lists(
        st.fixed_dictionaries(
            {
                "policy": worlds.policies(),
                "wishes": st.one_of(st.just({}), worlds.wishes()),
                "asked": worlds.asked(),
                "slugs": worlds.slugs(),
                "words": WORDS,
            }
        ),
        min_size=2,
        max_size=4,
    ),
)
def test_a_plan_is_the_same_whatever_was_planned_before_it(facts, calls):
    facts = snapshot(facts)
    shared = Pools(facts, NOW)
    for call in (*calls, *calls):
        given_ = {
            "policy": call["policy"],
            "provider": call["wishes"],
            "messages": [{"role": "user", "content": "word " * call["words"]}],
            **call["asked"],
        }
        anew = planned(Pools(facts, NOW), *call["slugs"], chance=lambda: 0.25, **given_)
        assert told(planned(shared, *call["slugs"], chance=lambda: 0.25, **given_)) == told(anew)


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
