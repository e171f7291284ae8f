"""The cost of a generation: the conformance cases to the last digit, and what must hold for every price and usage."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trunkline.server.domain.generation import cost
from trunkline.server.domain.generation.cost import Rates, bill, cost_of, rates_for
from trunkline.server.domain.generation.usage import Usage

MICRO = Decimal("0.000001")
NOON = 1_787_400_000.0
MIDNIGHT = NOON - 12 * 3600
CASE_78 = {
    "prompt": "0.000003",
    "completion": "0.000015",
    "input_cache_read": "0.0000003",
    "input_cache_write": "0.00000375",
    "internal_reasoning": "0.000015",
}

prices = st.decimals(0, 1, places=12)
optional = st.none() | prices
rates = st.builds(
    Rates,
    prompt=prices,
    completion=prices,
    request=prices,
    image=prices,
    image_token=optional,
    image_output=optional,
    audio=optional,
    audio_output=optional,
    input_audio_cache=optional,
    input_cache_read=optional,
    input_cache_write=optional,
    input_cache_write_1h=optional,
    internal_reasoning=optional,
    web_search=prices,
)
counts = st.integers(0, 10**9)
usages = st.builds(
    Usage,
    **dict.fromkeys((name for name in Usage.__struct_fields__ if name != "estimated"), counts),
)


def at(hour: int, minute: int) -> float:
    return MIDNIGHT + hour * 3600 + minute * 60


def test_case_78_every_class_at_its_own_price():
    usage = Usage(
        prompt_tokens=1000, cached_tokens=600, cache_write_tokens=200, completion_tokens=100, reasoning_tokens=40
    )
    assert cost_of(usage, rates_for(CASE_78, 1000, NOON)).inference == Decimal("0.00303")


@pytest.mark.parametrize(("tokens", "price"), [(200_000, "0.000003"), (200_001, "0.000006")])
def test_case_79_a_price_for_long_prompts_holds_beyond_its_limit_and_for_all_tokens(tokens: int, price: str):
    pricing = {
        "prompt": "0.000003",
        "completion": "0.000015",
        "overrides": [{"min_prompt_tokens": 200_000, "prompt": "0.000006"}],
    }
    found = cost_of(Usage(prompt_tokens=tokens), rates_for(pricing, tokens, NOON))
    assert found.prompt == tokens * Decimal(price)


@pytest.mark.parametrize(
    ("hour", "minute", "price"), [(0, 29, "0.1"), (0, 30, "0.2"), (16, 29, "0.2"), (16, 30, "0.1")]
)
def test_case_80_a_window_holds_from_its_start_until_before_its_end_and_across_midnight(
    hour: int, minute: int, price: str
):
    pricing = {
        "prompt": "0.2",
        "completion": "0.2",
        "overrides": [{"utc_start": 1630, "utc_end": 30, "prompt": "0.1", "completion": "0.1"}],
    }
    assert rates_for(pricing, 1, at(hour, minute)).prompt == Decimal(price)


def test_case_81_a_published_discount_is_not_taken_off_again():
    pricing = {"prompt": "0.0000007868", "completion": "0", "discount": 0.438}
    assert cost_of(Usage(prompt_tokens=1), rates_for(pricing, 1, NOON)).inference == Decimal("0.0000007868")


@pytest.mark.parametrize(("produced", "charged"), [(True, "0.02"), (False, "0")])
def test_case_82_a_search_is_billed_only_if_the_upstream_produced_anything(produced: bool, charged: str):
    usage = Usage(prompt_tokens=1000, searches=2)
    found = bill(usage, Rates(prompt=MICRO, web_search=Decimal("0.01")), finish_reason=None, produced=produced)
    assert (found.charged, found.cost.inference) == (Decimal(charged), 0)


@pytest.mark.parametrize(
    ("finish", "completion", "charged"),
    [("stop", 5, 15), ("length", 5, 15), ("content_filter", 5, 15), ("stop", 0, 10), ("error", 5, 0), (None, 0, 0)],
)
def test_an_answer_is_billed_by_how_it_ended(finish: str | None, completion: int, charged: int):
    usage = Usage(prompt_tokens=10, completion_tokens=completion)
    one = Rates(prompt=Decimal(1), completion=Decimal(1))
    assert bill(usage, one, finish_reason=finish, produced=completion > 0).charged == charged


def test_a_cancelled_answer_without_a_finish_reason_is_billed_for_its_tokens():
    found = bill(
        Usage(prompt_tokens=10, completion_tokens=5),
        Rates(prompt=Decimal(1), completion=Decimal(2)),
        finish_reason=None,
        produced=True,
    )
    assert found.charged == 20


def test_embeddings_are_billed_without_completion_and_finish_reason():
    found = bill(Usage(prompt_tokens=10), Rates(prompt=Decimal(1)), finish_reason=None, produced=True, completes=False)
    assert found.charged == 10


@pytest.mark.parametrize(
    ("fee", "free", "charged"), [("0", "0", "1"), ("0.05", "0", "1.95"), ("0.05", "9", "1.5"), ("0.05", "20", "1")]
)
def test_an_own_key_pays_the_fee_and_the_extras_and_keeps_its_list_price(fee: str, free: str, charged: str):
    found = bill(
        Usage(prompt_tokens=19, completion_tokens=0, searches=1),
        Rates(prompt=Decimal(1), web_search=Decimal(1)),
        finish_reason="stop",
        produced=True,
        byok=True,
        fee_rate=Decimal(fee),
        fee_free=Decimal(free),
    )
    assert (found.charged, found.cost.inference) == (Decimal(charged), 19)


def test_unknown_prices_cost_nothing():
    assert Rates.of({"prompt": "-1", "completion": "-1"}) == Rates()


@pytest.mark.parametrize(
    ("usage", "discount"),
    [
        (Usage(prompt_tokens=10), None),
        (Usage(prompt_tokens=10, cached_tokens=10), "0.000027"),
        (Usage(prompt_tokens=10, cache_write_tokens=10), "-0.0000075"),
    ],
)
def test_the_cache_discount_is_what_caching_saved(usage: Usage, discount: str | None):
    found = cost_of(usage, Rates.of(CASE_78)).cache_discount
    assert found == (None if discount is None else Decimal(discount))


def test_output_images_cost_by_token_where_tokens_are_counted_and_by_image_otherwise():
    priced = Rates(completion=MICRO, image_output=30 * MICRO)
    assert cost_of(Usage(completion_tokens=1300, image_output_tokens=1290), priced).completion == 38_710 * MICRO
    assert cost_of(Usage(completion_tokens=10, images_output=2), priced).completion == 70 * MICRO


@given(usages, rates)
def test_a_cost_is_never_negative(usage: Usage, prices: Rates):
    found = cost_of(usage, prices)
    assert min(found.prompt, found.completion, found.extras) >= 0


@given(usages, rates, st.sampled_from(["prompt_tokens", "completion_tokens", "images", "searches"]), counts)
def test_more_of_what_contains_no_other_class_never_costs_less(usage: Usage, prices: Rates, name: str, more: int):
    grown = replace(usage, **{name: getattr(usage, name) + more})
    before, after = cost_of(usage, prices), cost_of(grown, prices)
    assert after.inference + after.extras >= before.inference + before.extras


@given(usages, rates, st.integers(1, 10))
def test_the_classes_of_a_usage_add_up(usage: Usage, prices: Rates, price: int):
    """At one price for all tokens nothing depends on how they are classed, as long as the classes fit in."""
    parts = (usage.cached_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens)
    audio, cached_audio = usage.audio_tokens, usage.cached_audio_tokens
    usage = replace(
        usage,
        cached_tokens=usage.cached_tokens + cached_audio,
        audio_tokens=audio + cached_audio,
        prompt_tokens=sum(parts) + audio + cached_audio + usage.image_tokens + usage.prompt_tokens,
        completion_tokens=usage.completion_tokens
        + usage.reasoning_tokens
        + usage.audio_output_tokens
        + usage.image_output_tokens,
        images=0,
        images_output=0,
        searches=0,
    )
    one = Decimal(price)
    flat = Rates(
        prompt=one,
        completion=one,
        **{
            name: None if getattr(prices, name) is None else one
            for name in Rates.__struct_fields__
            if name not in {"prompt", "completion", "request", "image", "web_search"}
        },
    )
    found = cost_of(usage, flat)
    assert found.inference == usage.total_tokens * price
    assert found.cache_discount in {None, 0}


@given(usages, rates, st.sampled_from([None, "stop", "error", "tool_calls"]), st.booleans(), st.booleans())
def test_nobody_is_charged_more_than_the_list_price(
    usage: Usage, prices: Rates, finish: str | None, produced: bool, byok: bool
):
    listed = cost_of(usage, prices)
    found = bill(usage, prices, finish_reason=finish, produced=produced, byok=byok, fee_rate=Decimal("0.05"))
    assert 0 <= found.charged <= listed.inference + listed.extras


@given(usages, rates)
def test_costs_are_exact(usage: Usage, prices: Rates):
    """Prices of at most twelve places times whole tokens: the ledger's 10^-12 USD lose nothing."""
    found = cost_of(usage, prices)
    assert Decimal(cost.pico(found.inference)).scaleb(-12) == found.inference
