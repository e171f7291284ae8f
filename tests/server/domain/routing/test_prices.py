"""Prices of one request: overrides by size and time, caps, and what endpoints are compared by (spec 3.5, 5.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain.fixture import NOW, snapshot
from tests.server.domain.routing.scene import PROVIDERS, M, offer, pools, text_model
from tests.server.domain.strategies import pricings
from trunkline.server.domain.catalog.pricing import Moment, amount, price_for
from trunkline.server.domain.routing.pools import Pools
from trunkline.server.domain.routing.targets import Target

BASE = {"prompt": "1", "completion": "2", "request": "3"}
LONG = {"min_prompt_tokens": 200_000, "prompt": "4"}
NIGHT = {"utc_start": 1630, "utc_end": 30, "prompt": "5", "completion": "6"}


def at(hhmm: int) -> Moment:
    return Moment(hhmm // 100 * 60 + hhmm % 100, 0)


@pytest.mark.parametrize(
    ("overrides", "tokens", "hhmm", "expected"),
    [
        ([], 10**9, 1200, {}),
        ([LONG], 200_000, 1200, {}),
        ([LONG], 200_001, 1200, {"prompt": "4"}),
        ([NIGHT], 0, 29, {"prompt": "5", "completion": "6"}),
        ([NIGHT], 0, 30, {}),
        ([NIGHT], 0, 1629, {}),
        ([NIGHT], 0, 1630, {"prompt": "5", "completion": "6"}),
        ([LONG, NIGHT], 200_001, 1700, {"prompt": "5", "completion": "6"}),
        ([NIGHT, LONG], 200_001, 1700, {"prompt": "4", "completion": "6"}),
        ([{**NIGHT, **LONG}], 200_001, 1200, {}),
        ([{**NIGHT, **LONG}], 1, 1700, {}),
        ([{"min_prompt_tokens": 0, "prompt": "7"}], 0, 1200, {}),
        ([{"min_prompt_tokens": 0, "prompt": "7"}], 1, 1200, {"prompt": "7"}),
    ],
)
def test_overrides_hold_under_all_of_their_conditions_and_later_ones_win(
    overrides: list[dict[str, Any]], tokens: int, hhmm: int, expected: dict[str, str]
):
    assert price_for({**BASE, "overrides": overrides}, tokens, at(hhmm)) == {**BASE, **expected}


def target(priced: dict[str, Any], **more: Any) -> Target:
    of = pools(text_model(), offer("alpha", 1, pricing=priced), **more)
    found = of.find(M)
    assert found is not None
    return of.model(found.row).targets[0]


@given(priced=pricings(), tokens=st.sampled_from((0, 1, 199_999, 200_000, 200_001, 10**7)))
def test_compiled_prices_are_those_of_the_request(priced: dict[str, Any], tokens: int):
    of = Pools(snapshot([*PROVIDERS, text_model(), offer("alpha", 1, pricing=priced)]), NOW)
    compiled = of.model(of.snapshot.rows[0]).targets[0]
    expected = price_for(priced, tokens, Moment.of(NOW))
    if not compiled.priced:
        sizes = (0, 1, 200_001)
        assert any(amount(price_for(priced, size, Moment.of(NOW))[side]) is None
                   for size in sizes for side in ("prompt", "completion"))  # fmt: skip
        return
    prices = compiled.prices(tokens)
    prompt, completion = (amount(expected[side]) for side in ("prompt", "completion"))
    assert prompt is not None
    assert completion is not None
    assert (prices.stated, prices.prompt, prices.completion) == (expected, prompt, completion)
    assert prices.blend == (3 * prompt + completion) / 4
    assert (prices.weight == 0) == (prices.blend == 0)
    assert prices.of("request") == (amount(expected.get("request")) or 0)


def test_prices_are_blended_exactly():
    found = target({"prompt": "0.00000015", "completion": "0.0000006"}).prices(0)
    assert found.blend == Decimal("0.0000002625")
    assert found.weight == pytest.approx(1 / 0.0000002625**2)


def test_a_cap_stands_in_for_what_is_not_known_and_for_nothing_else():
    cap = {"prompt": "0.00001", "completion": "0.00002"}
    assert not target({"prompt": "0.000001", "completion": "-1"}).priced
    found = target({"prompt": "0.000001", "completion": "-1", "request": "0.1"}, unpriced=cap).prices(0)
    assert found.stated == {"prompt": "0.000001", "completion": "0.00002", "request": "0.1"}
    assert not target({"prompt": "-1", "completion": "0"}, unpriced={"completion": "1"}).priced


def test_a_price_that_is_unknown_for_long_prompts_alone_is_unknown():
    hole = {"prompt": "0.000001", "completion": "0", "overrides": [{"min_prompt_tokens": 9, "prompt": "-1"}]}
    assert not target(hole).priced
