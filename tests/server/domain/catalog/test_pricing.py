"""Prices: decimals out of strings, plain notation, time windows (spec 2.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.domain import strategies
from trunkline.server.domain.catalog import pricing
from trunkline.server.domain.catalog.pricing import Moment


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def prompt_at(entry: dict[str, object], text: str) -> str:
    """Return the prompt price of `1`, which the override makes `2` where it holds."""
    stated = {"prompt": "1", "completion": "5", "overrides": [{**entry, "prompt": "2"}]}
    return pricing.price_at(stated, Moment.of(at(text)))["prompt"]


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("0", Decimal(0)),
        ("0.00003", Decimal("0.00003")),
        ("0.000000000000000000000000000000000001", Decimal("1e-36")),
        ("12345678901234567890.5", Decimal("12345678901234567890.5")),
        ("-1", None),
        ("", None),
        (None, None),
        (3, None),
        (0.5, None),
        (True, None),
        ("NaN", None),
        ("Infinity", None),
        ("-0.5", None),
        ("1e3", None),
        ("1_0", None),
        (" 1", None),
        ("1\n", None),
        ("٣", None),
        ("0x10", None),
        (".5", None),
        ("5.", None),
    ],
)
def test_an_amount_is_a_plain_decimal_or_unknown(wire: object, value: Decimal | None):
    assert pricing.amount(wire) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5e-06", "0.000005"),
        ("1E+3", "1000"),
        ("0.10", "0.1"),
        ("0.00", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("100", "100"),
        ("1e-36", "0.000000000000000000000000000000000001"),
    ],
)
def test_plain_notation_has_no_exponent_and_no_trailing_zeros(value: str, text: str):
    assert pricing.plain(Decimal(value)) == text


@given(st.decimals(min_value=0, max_value=10**6, places=20))
def test_plain_notation_reads_back_as_the_same_amount(value: Decimal):
    assert pricing.amount(pricing.plain(value)) == value


@pytest.mark.parametrize(
    ("entry", "moment", "holds"),
    [
        ({"utc_start": 900, "utc_end": 1730}, "2026-08-22T08:59:59", False),
        ({"utc_start": 900, "utc_end": 1730}, "2026-08-22T09:00:00", True),
        ({"utc_start": 900, "utc_end": 1730}, "2026-08-22T17:29:59", True),
        ({"utc_start": 900, "utc_end": 1730}, "2026-08-22T17:30:00", False),
        ({"utc_start": 2200, "utc_end": 130}, "2026-08-22T21:59:59", False),
        ({"utc_start": 2200, "utc_end": 130}, "2026-08-22T22:00:00", True),
        ({"utc_start": 2200, "utc_end": 130}, "2026-08-23T00:00:00", True),
        ({"utc_start": 2200, "utc_end": 130}, "2026-08-23T01:29:59", True),
        ({"utc_start": 2200, "utc_end": 130}, "2026-08-23T01:30:00", False),
        ({"utc_start": 1800}, "2026-08-22T17:59:00", False),
        ({"utc_start": 1800}, "2026-08-22T23:59:59", True),
        ({"utc_start": 1800}, "2026-08-23T00:00:00", False),
        ({"utc_end": 600}, "2026-08-22T05:59:59", True),
        ({"utc_end": 600}, "2026-08-22T06:00:00", False),
        ({"utc_start": 2400, "utc_end": 600}, "2026-08-22T00:00:00", True),
        ({"utc_start": 0, "utc_end": 2400}, "2026-08-22T23:59:59", True),
        ({"utc_start": 700, "utc_end": 700}, "2026-08-22T06:59:00", True),
        ({"utc_start": 700, "utc_end": 700}, "2026-08-22T07:00:00", True),
        ({"utc_days": ["saturday"]}, "2026-08-22T00:00:00", True),
        ({"utc_days": ["saturday"]}, "2026-08-21T23:59:59", False),
        ({"utc_days": ["SAT", "Monday"]}, "2026-08-24T12:00:00", True),
        ({"utc_days": []}, "2026-08-22T12:00:00", False),
        ({"utc_days": ["caturday"]}, "2026-08-22T12:00:00", False),
        ({"utc_days": ["sunflower"]}, "2026-08-23T12:00:00", False),
        ({"utc_days": ["friday"], "utc_start": 2200, "utc_end": 200}, "2026-08-21T23:00:00", True),
        # The day is the moment's own, not that on which the window opened.
        ({"utc_days": ["friday"], "utc_start": 2200, "utc_end": 200}, "2026-08-22T01:00:00", False),
        ({"utc_days": ["friday"], "utc_start": 2200, "utc_end": 200}, "2026-08-21T01:00:00", True),
        ({"min_prompt_tokens": 0}, "2026-08-22T12:00:00", False),
        ({"min_prompt_tokens": 200000, "utc_start": 0, "utc_end": 2400}, "2026-08-22T12:00:00", False),
        ({}, "2026-08-22T12:00:00", True),
    ],
)
def test_a_window_holds_from_its_start_until_before_its_end(entry: dict[str, object], moment: str, holds: bool):
    assert prompt_at(entry, moment) == ("2" if holds else "1")


def test_later_entries_win_key_by_key_and_absent_keys_inherit():
    stated = {
        "prompt": "1",
        "completion": "2",
        "input_cache_read": "3",
        "overrides": [
            {"utc_start": 0, "utc_end": 2400, "prompt": "10", "completion": "20"},
            {"utc_start": 1100, "utc_end": 1300, "prompt": "100"},
            {"min_prompt_tokens": 1, "prompt": "1000", "completion": "2000", "input_cache_read": "3000"},
        ],
    }
    priced = pricing.price_at(stated, Moment.of(at("2026-08-22T12:00:00")))
    assert (priced["prompt"], priced["completion"], priced["input_cache_read"]) == ("100", "20", "3")
    assert priced["overrides"] == stated["overrides"]
    assert stated["prompt"] == "1", "the stated price is left as it is"


def test_conditions_never_become_prices():
    stated = {"prompt": "1", "overrides": [{"utc_start": 0, "utc_end": 2400, "utc_days": ["sat"], "prompt": "2"}]}
    priced = pricing.price_at(stated, Moment.of(at("2026-08-22T12:00:00")))
    assert priced.keys() == {"prompt", "overrides"}


@pytest.mark.parametrize("overrides", [None, [], [{"min_prompt_tokens": 5, "prompt": "1"}]])
def test_prices_without_time_conditions_do_not_change_with_the_clock(overrides: object):
    stated = {"prompt": "1", "overrides": overrides}
    assert not pricing.has_windows(stated)
    assert pricing.boundaries([stated]) == ()
    assert pricing.price_at(stated, Moment(0, 0))["prompt"] == "1"


@pytest.mark.parametrize("entry", [{"utc_start": 1}, {"utc_end": 1}, {"utc_days": ["mon"]}])
def test_each_time_condition_makes_a_window(entry: dict[str, object]):
    assert pricing.has_windows({"overrides": [entry]})


def test_boundaries_are_the_minutes_of_the_day_at_which_prices_may_change():
    windows = [
        {"overrides": [{"utc_start": 1000, "utc_end": 100}, {"utc_start": 100, "utc_end": 2400}]},
        {"overrides": [{"utc_days": ["mon"], "utc_start": 2330}]},
        {"overrides": [{"min_prompt_tokens": 5}]},
        {},
    ]
    assert pricing.boundaries(windows) == (0, 60, 600, 23 * 60 + 30)


@pytest.mark.parametrize(
    ("entry", "minutes"),
    [
        ({"utc_start": 100}, (0, 60)),
        ({"utc_end": 100}, (0, 60)),
        ({"utc_start": 100, "utc_end": 200}, (60, 120)),
        ({"utc_start": 100, "utc_end": 2400}, (0, 60)),
        ({"utc_days": ["mon"]}, (0,)),
        ({"min_prompt_tokens": 1}, ()),
    ],
)
def test_midnight_is_a_boundary_where_days_change_or_one_end_is_not_stated(
    entry: dict[str, object], minutes: tuple[int, ...]
):
    assert pricing.boundaries([{"overrides": [entry]}]) == minutes


@pytest.mark.parametrize(
    ("minutes", "now", "start", "end"),
    [
        ((60, 600), "2026-08-22T05:00:00", "2026-08-22T01:00:00", "2026-08-22T10:00:00"),
        ((60, 600), "2026-08-22T00:30:00", "2026-08-21T10:00:00", "2026-08-22T01:00:00"),
        ((60, 600), "2026-08-22T23:30:00", "2026-08-22T10:00:00", "2026-08-23T01:00:00"),
        ((60,), "2026-08-22T01:00:00", "2026-08-22T01:00:00", "2026-08-23T01:00:00"),
        ((60,), "2026-08-22T00:59:59", "2026-08-21T01:00:00", "2026-08-22T01:00:00"),
        ((0,), "2026-08-22T00:00:00", "2026-08-22T00:00:00", "2026-08-23T00:00:00"),
    ],
)
def test_a_window_reaches_from_one_boundary_to_the_next(minutes: tuple[int, ...], now: str, start: str, end: str):
    assert pricing.window(minutes, at(now)) == (at(start), at(end))


def test_without_boundaries_prices_hold_for_ever():
    assert pricing.window((), 0) == (float("-inf"), float("inf"))


@given(st.floats(0, 4e9), st.lists(st.integers(0, 1439), unique=True, min_size=1, max_size=6))
def test_every_moment_lies_in_its_own_window(now: float, minutes: list[int]):
    start, end = pricing.window(tuple(sorted(minutes)), now)
    assert start <= now < end
    assert {start % 86400 // 60, end % 86400 // 60} <= set(minutes)


@given(strategies.pricings(), st.integers(0, 4_000_000_000), st.floats(0, 1, exclude_max=True))
def test_no_price_changes_inside_a_window(stated: dict[str, object], now: int, share: float):
    start, end = pricing.window(pricing.boundaries([stated]), now)
    if start == float("-inf"):
        start, end = now - 10.0**7, now + 10.0**7
    inside = start + (end - start) * share
    assert pricing.price_at(stated, Moment.of(inside)) == pricing.price_at(stated, Moment.of(start))


@pytest.mark.parametrize(
    ("text", "minute", "weekday"),
    [("1970-01-01T00:00:00", 0, 3), ("2026-08-22T12:34:56", 754, 5), ("2024-02-29T23:59:59", 1439, 3)],
)
def test_a_moment_knows_its_minute_and_weekday(text: str, minute: int, weekday: int):
    assert Moment.of(at(text)) == Moment(minute, weekday)


@given(st.integers(0, 4_000_000_000))
def test_weekdays_agree_with_the_calendar(now: int):
    calendar = datetime.fromtimestamp(now, UTC)
    assert Moment.of(now) == Moment(calendar.hour * 60 + calendar.minute, calendar.weekday())
