"""The readers of query values, text by text (spec 1.1, 1.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.parsers import Refused

NO_NUMBERS = [
    "abc", "NaN", "nan", "sNaN", "Infinity", "inf", "-inf", "+Infinity", "0x10", "0b1", "1e999", "-1", "-0.1", "-1e-9",
    "1_000", "1,5", "1 2", "1e", "e1", "1e+", "--1", "++1", "+-1", "1.2.3", ".", "+", "-", "٣", "１", "²", "½", "1\x00",
    "1e1000", "9" * 401, "1e310", "null", "true", "$1", "1%", "\u22121",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_of_zero_or_more_is_refused(text: str):
    with pytest.raises(Refused, match="a number of 0 or more"):
        parsers.number()(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("0.0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1e1", "10"),
        ("10.0", "10"),
        ("1E+1", "10"),
        ("+1", "1"),
        (" 1 ", "1"),
        ("\t1\n", "1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        ("1e-06", "0.000001"),
        ("1e-999", "1e-999"),
        ("0.1", "0.1"),
        ("0." + "0" * 300 + "1", "1e-301"),
        ("9" * 300, "9" * 300),
        ("1e300", "1e300"),
    ],
)
def test_numbers_are_read_exactly_as_written(text: str, value: str):
    assert parsers.number()(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_an_empty_number_is_absent(text: str):
    assert parsers.number()(text) is None


@pytest.mark.parametrize(
    ("text", "passes"), [("1", True), ("1.0", True), ("0", True), ("1.0000001", False), ("2", False)]
)
def test_a_number_keeps_within_its_upper_bound(text: str, passes: bool):
    read = parsers.number(0, 1)
    if passes:
        assert read(text) == Decimal(text)
    else:
        with pytest.raises(Refused, match="a number from 0 to 1"):
            read(text)


@pytest.mark.parametrize(
    "text",
    ["abc", "1.5", "1.0", "1e1", "NaN", "0x1", "1_0", "1 0", "٣", "１", "-1", "--0", "9" * 401, "null", "1,2", "+"],
)
def test_what_is_no_whole_number_is_refused(text: str):
    with pytest.raises(Refused, match="an integer of 0 or more"):
        parsers.integer(0, nullable=True)(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-0", 0), ("+7", 7), ("007", 7), (" 7 ", 7), ("99999999999999999999999", 99999999999999999999999)],
)
def test_whole_numbers_are_read(text: str, value: int):
    assert parsers.integer(0)(text) == value


@pytest.mark.parametrize("text", ["0", "1001", "99999999999999999999", "", " "])
def test_a_bounded_integer_refuses_what_lies_outside_and_the_empty_value(text: str):
    with pytest.raises(Refused, match="an integer from 1 to 1000"):
        parsers.integer(1, 1000)(text)


@pytest.mark.parametrize("text", ["1", "1000"])
def test_the_bounds_of_an_integer_are_included(text: str):
    assert parsers.integer(1, 1000)(text) == int(text)


def test_an_empty_nullable_integer_is_absent():
    assert parsers.integer(0, nullable=True)("  ") is None


@pytest.mark.parametrize("text", ["TRUE", "True", "1", "yes", "", " ", "true,true", "ｔrue", "true\x00"])
def test_one_word_is_compared_exactly(text: str):
    with pytest.raises(Refused, match="one of: true, false"):
        parsers.one_of(("true", "false"))(text)


def test_one_word_is_trimmed():
    assert parsers.one_of(("true", "false"))(" true\n") == "true"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", None),
        (",", None),
        (" , ,", None),
        ("a", ("a",)),
        ("a,b", ("a", "b")),
        (" a , b ,,", ("a", "b")),
        ("Google AI Studio,x", ("Google AI Studio", "x")),
    ],
)
def test_free_words_are_split_at_commas_and_trimmed(text: str, words: tuple[str, ...] | None):
    assert parsers.words(text) == words


_READ_KNOWN = parsers.words_of(("text", "image"), switch_off="all")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("text", ("text",)),
        ("image,text", ("image", "text")),
        ("text, text", ("text",)),
        ("all", ()),
        ("text,all", ()),
        ("", None),
        (",", None),
    ],
)
def test_known_words_are_read_and_all_switches_off(text: str, words: tuple[str, ...] | None):
    assert _READ_KNOWN(text) == words


@pytest.mark.parametrize(
    "text", ["hologram", "text,hologram", "all,hologram", "Text", "ALL", "text;image", "text image"]
)
def test_unknown_words_are_refused(text: str):
    with pytest.raises(Refused, match="a comma-separated list of: text, image, all"):
        _READ_KNOWN(text)


def test_all_is_no_word_where_nothing_can_be_switched_off():
    with pytest.raises(Refused):
        parsers.words_of(("text",))("all")


@pytest.mark.parametrize(("text", "value"), [("", None), ("  ", None), (" a b ", "a b"), ("\ud800", "\ud800")])
def test_free_text_is_trimmed_and_blank_is_absent(text: str, value: str | None):
    assert parsers.text(text) == value


READERS: list[Any] = [
    parsers.text,
    parsers.words,
    _READ_KNOWN,
    parsers.one_of(("a",)),
    parsers.integer(0, 10, nullable=True),
    parsers.integer(1),
    parsers.number(),
    parsers.number(0, 1),
]


@given(st.sampled_from(READERS), st.text() | st.text("0123456789eE+-. _xnaifNI"))
def test_no_text_does_anything_but_be_read_or_refused(read: Any, text: str):
    try:
        value = read(text)
    except Refused:
        return
    if isinstance(value, Decimal):
        assert value.is_finite()
        assert value >= 0


@given(st.decimals(min_value=0, allow_nan=False, allow_infinity=False, max_value=10**40))
def test_every_notation_of_a_decimal_reads_as_that_decimal(value: Decimal):
    assert parsers.number()(str(value)) == parsers.number()(format(value, "f")) == value
