"""Columns and postings against plain lists."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.catalog.columns import Column, Postings

_VALUES = st.one_of(st.none(), st.sampled_from([Decimal(text) for text in ("0", "0.1", "0.10", "0.3", "1e-30", "7")]))
_BOUNDS = st.none() | st.sampled_from([Decimal(text) for text in ("0", "0.1", "0.2", "1e-31", "7", "8", "-1")])


@given(st.lists(_VALUES), _BOUNDS, _BOUNDS)
def test_a_range_includes_both_ends_and_never_a_missing_value(
    values: list[Decimal | None], low: Decimal | None, high: Decimal | None
):
    expected = [v is not None and (low is None or v >= low) and (high is None or v <= high) for v in values]
    assert Column(values).between(low, high).tolist() == expected


@given(st.lists(_VALUES), st.booleans())
def test_an_order_is_stable_and_puts_missing_values_last(values: list[Decimal | None], descending: bool):
    present = [position for position, value in enumerate(values) if value is not None]
    missing = [position for position, value in enumerate(values) if value is None]
    # Sorting by the negated value keeps ties in their order; sorting in reverse would turn them round.
    present.sort(key=lambda position: -values[position] if descending else values[position])
    assert Column(values).order(descending=descending).tolist() == present + missing


def test_values_that_no_float_tells_apart_are_told_apart():
    close = [Decimal("0.1"), Decimal("0.10000000000000000000000000000000000001"), Decimal("0.1")]
    assert float(close[0]) == float(close[1])
    column = Column(close)
    assert column.order(descending=True).tolist() == [1, 0, 2]
    assert column.between(None, Decimal("0.1")).tolist() == [True, False, True]


@pytest.mark.parametrize("values", [[], [None], [None, None]])
def test_columns_without_values_match_nothing(values: list[int | None]):
    column = Column(values)
    assert not column.between(None, None).any()
    assert column.order(descending=True).tolist() == list(range(len(values)))


_WORDS = st.lists(st.lists(st.sampled_from("abcd"), max_size=4))


@given(_WORDS, st.lists(st.sampled_from("abcde"), max_size=3))
def test_postings_answer_any_of_and_all_of(rows: list[list[str]], asked: list[str]):
    postings = Postings(rows, len(rows))
    assert postings.any_of(asked).tolist() == [any(word in row for word in asked) for row in rows]
    assert postings.all_of(asked).tolist() == [all(word in row for word in asked) for row in rows]
    assert ("a" in postings) == any("a" in row for row in rows)


def test_answers_are_masks_over_every_row():
    mask = Postings([["a"], [], ["b"]], 3).any_of(["a"])
    assert mask.dtype == np.bool_
    assert mask.shape == (3,)
