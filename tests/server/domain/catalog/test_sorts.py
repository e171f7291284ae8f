"""The twelve orders on the fixture of the conformance cases (spec 3.1, cases 16 to 23)."""

from __future__ import annotations

import pytest

from tests.server.domain.fixture import (
    CATALOGUE_ORDER,
    conformance,
    ids,
    listed,
    model,
    names,
    price,
    selection,
    snapshot,
)
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.errors import BadRequest


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("pricing-low-to-high", "M5 M6 M4 M3 M8 M10 M2 M1 M9"),
        ("pricing-high-to-low", "M1 M10 M2 M8 M3 M6 M4 M5 M9"),
        ("context-high-to-low", "M9 M3 M10 M2 M6 M4 M8 M5 M1"),
        ("intelligence-high-to-low", "M10 M2 M3 M8 M6 M4 M5 M9 M1"),
        ("coding-high-to-low", "M10 M2 M3 M8 M6 M4 M5 M9 M1"),
        ("agentic-high-to-low", "M10 M2 M3 M8 M6 M4 M5 M9 M1"),
        ("design-arena-elo-high-to-low", "M10 M2 M3 M8 M6 M4 M5 M9 M1"),
        ("newest", CATALOGUE_ORDER),
        # Nothing has been measured: every row lacks a value, so all stand in catalogue order.
        ("throughput-high-to-low", CATALOGUE_ORDER),
        ("latency-low-to-high", CATALOGUE_ORDER),
        ("most-popular", CATALOGUE_ORDER),
        ("top-weekly", CATALOGUE_ORDER),
    ],
)
def test_the_fixture_is_sorted_as_the_cases_say(sort: str, expected: str):
    assert names(listed(conformance(), ("sort", sort))) == expected


def test_there_are_twelve_orders():
    assert len(SORTS) == 12


@pytest.mark.parametrize("sort", ["cheapest", "", "newest,newest", "NEWEST", "price"])
def test_an_unknown_order_is_refused(sort: str):
    with pytest.raises(BadRequest):
        listed(conformance(), ("sort", sort))


def test_the_best_arena_score_counts_not_the_first():
    arena = [
        {"arena": "a", "category": c, "elo": elo, "win_rate": 1, "rank": 1} for c, elo in (("x", 1), ("y", 1400.5))
    ]
    of = snapshot(
        [
            model("a/one", created=1, benchmarks={"design_arena": arena}),
            model("a/two", created=2, benchmarks={"design_arena": [{**arena[0], "elo": 1400}]}),
            model("a/none", created=3, benchmarks={"design_arena": []}),
        ]
    )
    assert listed(of, ("sort", "design-arena-elo-high-to-low")) == ["a/one", "a/two", "a/none"]


def test_equal_means_are_told_apart_by_request_price_then_web_search_price():
    of = snapshot(
        [
            model("a/plain", created=1, pricing=price("0.1", "0.3")),
            model("a/search", created=2, pricing=price("0.2", "0.2", web_search="0.01")),
            model("a/request", created=3, pricing=price("0.3", "0.1", request="0.001")),
            model("a/unknown-request", created=4, pricing=price("0.3", "0.1", request="-1", web_search="0.001")),
        ]
    )
    rising = ["a/plain", "a/unknown-request", "a/search", "a/request"]
    assert listed(of, ("sort", "pricing-low-to-high")) == rising
    assert listed(of, ("sort", "pricing-high-to-low")) == rising[::-1]


def test_means_that_differ_beyond_the_28th_digit_are_told_apart():
    of = snapshot(
        [
            model("a/dearer", created=2, pricing=price("1", "0.0000000000000000000000000000000000000002")),
            model("a/cheaper", created=1, pricing=price("1", "0.0000000000000000000000000000000000000001")),
        ]
    )
    assert listed(of, ("sort", "pricing-low-to-high")) == ["a/cheaper", "a/dearer"]


@pytest.mark.parametrize("sort", ["pricing-low-to-high", "pricing-high-to-low"])
@pytest.mark.parametrize("unknown", [price("-1", "1"), price("1", "-1"), price("-1", "-1"), None])
def test_an_unknown_price_is_last_in_both_directions(sort: str, unknown: dict[str, str] | None):
    stated = {} if unknown is None else {"pricing": unknown}
    of = snapshot([model("a/unknown", created=9, **stated), model("a/free", created=1, pricing=price("0", "0"))])
    assert listed(of, ("sort", sort)) == ["a/free", "a/unknown"]


def test_no_context_length_sorts_behind_zero():
    of = snapshot([model("a/none", created=9, context_length=None), model("a/zero", created=1, context_length=0)])
    assert listed(of, ("sort", "context-high-to-low")) == ["a/zero", "a/none"]


def test_catalogue_order_is_newest_first_then_by_id():
    of = snapshot([model("b/x", created=5), model("a/x", created=5), model("c/x", created=6), model("d/x")])
    assert ids(of) == ["c/x", "a/x", "b/x", "d/x"]


def test_a_sort_changes_neither_total_nor_which_rows_pass():
    of = conformance()
    for sort in SORTS:
        assert selection(of, ("sort", sort), ("zdr", "true")).total == 6
