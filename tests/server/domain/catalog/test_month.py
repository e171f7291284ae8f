"""What a month costs, to the last digit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW
from trunkline.server.domain.catalog.month import Usage, cost
from trunkline.server.domain.catalog.pricing import Moment

MOMENT = Moment.of(NOW)
SONNET = {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003", "request": "0.001"}
TIERED = {
    "prompt": "0.000001",
    "completion": "0.000002",
    "overrides": [{"min_prompt_tokens": 1000, "prompt": "0.000004"}],
}


def test_the_month_of_the_form_is_what_a_person_would_reckon():
    found = cost(SONNET, Usage(3_000_000, 500_000, Decimal(40)), MOMENT)
    assert found is not None
    # 1.8 million at 3 dollars, 1.2 million from the cache at 30 cents, half a million out at 15 dollars.
    assert (found.prompt, found.cached, found.completion) == (Decimal("5.4"), Decimal("0.36"), Decimal("7.5"))
    assert found.total == Decimal("13.26")
    assert found.discounted


@pytest.mark.parametrize(
    ("prices", "usage", "total"),
    [
        (SONNET, Usage(0, 0), "0"),
        (SONNET, Usage(0, 0, requests=7), "0.007"),
        ({"prompt": "0.000003", "completion": "0"}, Usage(1_000_000, 9, Decimal(50)), "3"),
        ({"prompt": "0.1", "completion": "-1"}, Usage(10, 0), "1.0"),
        (TIERED, Usage(10_000, 0), "0.01"),
        (TIERED, Usage(10_000, 0, requests=10), "0.01"),
        (TIERED, Usage(10_010, 0, requests=10), "0.04004"),
        ({"prompt": "0." + "0" * 39 + "7", "completion": "0"}, Usage(3, 0), "0." + "0" * 38 + "21"),
    ],
)
def test_every_part_counts_where_it_is_used(prices: dict[str, str], usage: Usage, total: str):
    found = cost(prices, usage, MOMENT)
    assert found is not None
    assert found.total == Decimal(total)


@pytest.mark.parametrize("prices", [{"prompt": "-1", "completion": "0"}, {"prompt": "0", "completion": "-1"}, {}])
def test_an_unknown_price_is_no_bill(prices: dict[str, str]):
    assert cost(prices, Usage(1, 1), MOMENT) is None


@given(
    st.integers(0, 10**15),
    st.integers(0, 10**15),
    st.decimals(0, 100, places=3),
    st.integers(0, 10**9),
    st.decimals(0, 1, places=12),
)
def test_a_bill_is_exact(prompt: int, completion: int, cached: Decimal, requests: int, price: Decimal):
    text = format(price, "f")
    prices = {"prompt": text, "completion": text, "input_cache_read": "0.000001", "request": "0.01"}
    found = cost(prices, Usage(prompt, completion, cached, requests), MOMENT)
    assert found is not None
    share = Fraction(cached) / 100
    expected = (
        prompt * (1 - share) * Fraction(price)
        + prompt * share / 1_000_000
        + completion * Fraction(price)
        + Fraction(requests, 100)
    )
    assert Fraction(found.total) == expected
