"""Expressions are found as JavaScript finds them, and their beginnings are what may yet become a match."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.server.domain.content.expressions import check, compiled
from trunkline.server.domain.content.javascript import NotRead
from trunkline.server.domain.policy.patterns import InvalidPattern


def found(pattern: str, text: str) -> str | None:
    data = text.encode()
    span = compiled(pattern).find(data, 0, len(data))
    return None if span is None else data[span[0] : span[1]].decode()


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        (r"\b(sk-[a-zA-Z0-9]{4})\b", "a sk-ab12 b", "sk-ab12"),
        (r"(?<year>\d{4})-(\d\d)", "on 2024-05-01", "2024-05"),
        (r"[[:alpha:]", "x:y", ":"),
        (r"[]a]|b", "]ab", "b"),
        (r"[^]+", "a\nb", "a\nb"),
        (r"a.b", "a\rb a\u2028b a\u00e9b", "a\u00e9b"),
        (r"\s+", "a\u00a0\ufeffb", "\u00a0\ufeff"),
        (r"[\s\S]", "\n", "\n"),
        (r"\u00e9\x41\cA\0", "\u00e9A\x01\x00", "\u00e9A\x01\x00"),
        (r"\u{1F600}", "\U0001f600", "\U0001f600"),
        (r"\ud83d\ude00", "\U0001f600", "\U0001f600"),
        (r"[\ud83d\ude00-\ud83d\ude02]", "\U0001f601", "\U0001f601"),
        (r"\p{Lu}\p{Letter}+", "an Apple", "Apple"),
        (r"\p{Script=Greek}+", "abc \u03b1\u03b2", "\u03b1\u03b2"),
        (r"\A\z\Q\a\e", "AzQae", "AzQae"),
        (r"a{,3}{x", "a{,3}{x", "a{,3}{x"),
        (r"[a\-z]+", "a-z", "a-z"),
        (r"[\w-]+", "a-b c", "a-b"),
        (r"[\b]", "\x08", "\x08"),
        (r"^b|b$", "ab", "b"),
        (r"^b", "ab", None),
        (r"a$", "a\n", None),
        (r"a+?b??", "aab", "a"),
        (r"\bcaf\b", "caf\u00e9", "caf"),
        (r"A", "a", None),
    ],
)
def test_an_expression_finds_what_javascript_finds(pattern: str, text: str, match: str | None):
    check(pattern, "p")
    assert found(pattern, text) == match


@pytest.mark.parametrize("pattern", [r"\p{Nonsense}", r"[z-a]", "(" * 101 + ")" * 101, r"\ud800", r"\p{L}{1000}"])
def test_what_re2_does_not_take_is_refused_as_a_pattern_that_is_not_taken(pattern: str):
    with pytest.raises(InvalidPattern) as refused:
        check(pattern, "content_filters[0].pattern")
    assert refused.value.issues[0].path == "content_filters[0].pattern"


atoms = st.sampled_from(
    ["a", "b", "1", ".", r"\d", r"\w", "[ab]", "[^a]", "[0-9-]", r"\b", "^", "$", "(a|b1)", "(?:ab)", " ", r"\."]
)
counts = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "*?", "+?"])
expressions = st.lists(st.tuples(atoms, counts), min_size=1, max_size=6).map(
    lambda parts: "".join(atom + ("" if atom in (r"\b", "^", "$") else count) for atom, count in parts)
)
texts = st.text(alphabet="ab1 .-", max_size=12)


@given(expressions, texts)
def test_an_expression_that_python_reads_alike_is_found_alike(pattern: str, text: str):
    expected = re.search(pattern.replace("$", r"\Z"), text, re.ASCII)
    assert found(pattern, text) == (None if expected is None else expected[0])


@given(expressions, texts, texts)
@example("a(.*b)?", "ax", "b")
@example(r"\d+\b", "11", "1")
def test_no_match_that_more_text_makes_or_changes_begins_before_what_is_unfinished(pattern: str, text: str, more: str):
    data, both = text.encode(), (text + more).encode()
    expression = compiled(pattern)
    unfinished = expression.unfinished(data, 0)
    # A boundary at the very end is not known either, so the last character only serves to be looked at.
    before = expression.find(data, 0, max(unfinished - 1, 0))
    after = expression.find(both, 0, len(both))
    if after is not None and after[0] < after[1] and after[0] < unfinished - 1:
        assert after[1] <= len(data)
    if before is not None and before[0] < before[1]:
        assert after is not None
        assert after[0] <= before[0]


@given(st.text(alphabet=r"ab01(){}[]*+?|\^$,.-dwsbpLux", max_size=30))
def test_every_pattern_is_either_taken_or_refused(pattern: str):
    try:
        check(pattern, "p")
    except InvalidPattern:
        return
    try:
        assert compiled(pattern).unfinished(b"ab", 0) <= 2
    except NotRead:
        pytest.fail("what is taken can be used")
