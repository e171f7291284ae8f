"""What a call may cost at most: of all candidates, with the caller's own limit or an ordinary one (spec 5.2, 5.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.routing.scene import EMBEDDINGS, M, abc, dollars, offer, planned, pools, text_model
from trunkline.server.domain.generation.cost import cost_of, pico, rates_for
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.holds import NOTHING
from trunkline.server.domain.routing.holds import HELD_TOKENS, most

MICRO = 1_000_000
"""A millionth of a USD in 10^-12 USD."""
SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
PROMPT = 6
"""The tokens that the hello of the scene is estimated to have."""


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [
        ({}, HELD_TOKENS),
        ({"max_tokens": 100}, 100),
        ({"max_tokens": 100, "max_completion_tokens": 50}, 50),
        ({"max_tokens": 20_000}, 20_000),
    ],
)
def test_the_dearest_candidate_counts_with_all_that_it_may_write(asked: dict[str, Any], tokens: int):
    assert most(planned(abc(), **asked)).usage == 3 * MICRO * (PROMPT + tokens)


def test_candidates_that_cannot_be_tried_do_not_count():
    only = {"only": ["beta"]}
    assert most(planned(abc(), provider=only, max_tokens=10)).usage == 2 * MICRO * (PROMPT + 10)


def test_an_endpoint_that_writes_less_than_is_asked_for_costs_no_more_than_that():
    of = pools(text_model(), offer("alpha", 1, max_completion_tokens=200))
    assert most(planned(of, max_tokens=200)).usage == most(planned(of)).usage == MICRO * (PROMPT + 200)
    of = pools(text_model(), offer("alpha", 1, context_length=32_000))
    assert most(planned(of, max_tokens=31_990)).usage == MICRO * (PROMPT + 31_990)


def test_prices_per_request_cache_writes_and_reasoning_count():
    stated = dollars(1, 2, request="0.5", input_cache_write="0.000003", internal_reasoning="0.000005")
    of = pools(text_model(), offer("alpha", 1, pricing=stated))
    assert most(planned(of, max_tokens=10)).usage == 500_000 * MICRO + MICRO * (3 * PROMPT + 5 * 10)


def test_embeddings_write_nothing():
    of = pools(text_model(architecture=EMBEDDINGS), offer("alpha", 1))
    plan = planned(of, surface=Surface.EMBEDDINGS, input="x" * 400)
    assert most(plan).usage == MICRO * plan.needs.prompt_tokens > 0


def test_own_keys_cost_their_fee_and_count_with_their_list_price_where_that_is_asked_for():
    plan = planned(abc(), max_tokens=10)
    own = Credential(
        id="c", account_id="a", provider="gamma", label="", sealed="", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    dearest = msgspec.structs.replace(plan.candidates[-1], credential=own)
    plan = msgspec.structs.replace(plan, candidates=(*plan.candidates[:-1], dearest))
    price = MICRO * (PROMPT + 10)
    assert most(plan) == (2 * price, 3 * price)
    assert most(plan, Decimal("0.9")) == (27 * price // 10, 3 * price)


def test_a_plan_without_candidates_holds_nothing():
    assert most(planned(abc(), provider={"only": ["nobody"]})) == NOTHING


@given(st.integers(0, 6), st.integers(0, 500), st.integers(1, 500), st.sampled_from([0, 1, 2]))
def test_no_answer_within_what_was_asked_for_costs_more_than_was_held(
    prompt: int, written: int, asked: int, which: int
):
    plan = planned(abc(), M, max_tokens=asked)
    usage = Usage(prompt_tokens=prompt, completion_tokens=min(written, asked), cached_tokens=prompt // 2)
    pricing = plan.candidates[which].endpoint.wire["pricing"]
    assert pico(cost_of(usage, rates_for(pricing, prompt, 0.0)).inference) <= most(plan).usage
