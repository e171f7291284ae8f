"""Lots are drawn with the chances that the prices give: Pearson's test on seeded draws, so that it never flickers."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.domain.routing.scene import offer, planned, pools, tags, text_model

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")
CRITICAL = {1: 15.1, 2: 18.4, 3: 21.1, 4: 23.5}
"""Values of chi-square that chance exceeds once in ten thousand times, by degrees of freedom."""
DRAWS = 1500


def statistic(counts: Counter[str], expected: dict[str, float]) -> float:
    return sum((counts[tag] - DRAWS * share) ** 2 / (DRAWS * share) for tag, share in expected.items())


@settings(max_examples=12)
@given(
    prices=st.lists(st.sampled_from((1, 1.5, 2, 3, 4)), min_size=2, max_size=5),
    seed=st.integers(0, 3),
)
def test_first_places_follow_the_inverse_squares_of_prices(prices: list[float], seed: int):
    of = pools(text_model(), *(offer(tag, usd) for tag, usd in zip(NAMES, prices, strict=False)))
    whole = sum(usd**-2 for usd in prices)
    expected = {tag: usd**-2 / whole for tag, usd in zip(NAMES, prices, strict=False)}
    chance = Random(seed).random
    counts = Counter(tags(planned(of, chance=chance))[0] for _ in range(DRAWS))
    assert statistic(counts, expected) < CRITICAL[len(prices) - 1]


def test_the_test_of_shares_would_see_weights_that_are_not_squared():
    of = pools(text_model(), offer("alpha", 1), offer("beta", 2))
    chance = Random(0).random
    counts = Counter(tags(planned(of, chance=chance))[0] for _ in range(DRAWS))
    assert statistic(counts, {"alpha": 2 / 3, "beta": 1 / 3}) > CRITICAL[1]


@given(
    chance=st.floats(0, 1, exclude_max=True), usd=st.lists(st.sampled_from((0, 1, 1e-6, 1000)), min_size=1, max_size=5)
)
def test_behind_the_first_the_others_stand_by_price(chance: float, usd: list[float]):
    of = pools(text_model(), *(offer(tag, price) for tag, price in zip(NAMES, usd, strict=False)))
    made = planned(of, chance=lambda: chance)
    costs = [candidate.target.prices(0).blend for candidate in made.candidates]
    assert costs[1:] == sorted(costs[1:])
    assert len(costs) == len(usd)
    assert costs[0] == 0 or min(costs) > 0
