"""Patterns of content filters that are taken, and those that are not, each for its reason."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.policy.patterns import InvalidPattern, check


@pytest.mark.parametrize(
    "pattern",
    [
        "secret",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"(?:\d{4}[ -]?){3}\d{4}",
        r"(?<year>\d{4})-(\d\d)",
        r"[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}",
        r"[(?=*+]",
        r"[^\]\\(]+",
        "[^]*",
        r"\(\?=\)\*",
        "(a+)?(b*){1}",
        "(a{3}){2}",
        "a{,3}{x",
        "a+?b*?c??d{2,3}?",
        "^$|^a$",
        "",
        "\\0\\n\\u00e9\\x41",
    ],
)
def test_what_javascript_takes_and_is_found_in_linear_time_is_taken(pattern):
    check(pattern, "p")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a(?=b)", "look-around"),
        ("a(?!b)", "look-around"),
        ("(?<=a)b", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-reference"),
        (r"(?<n>a)\k<n>", "back-reference"),
        ("(a+)+", "nested quantifiers"),
        ("((a*)b)*", "nested quantifiers"),
        ("(?:a|b+){2,}", "nested quantifiers"),
        ("(a{1,2}){3}", "nested quantifiers"),
        ("((a+)?)*", "nested quantifiers"),
        ("(a", "not closed"),
        ("[a", "not closed"),
        ("[a\\]", "not closed"),
        ("a)", "too many"),
        ("*a", "nothing to repeat"),
        ("(|+)", "nothing to repeat"),
        ("a**", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        (r"\b+", "nothing to repeat"),
        ("a{3,2}", "out of order"),
        ("a{1001}", "more than 1000"),
        ("(a{40}){40}", "more than 1000"),
        ("a\\", "backslash"),
        ("(?i)a", "unknown kind"),
        ("(?<1>a)", "unknown kind"),
    ],
)
def test_what_is_not_taken_is_refused_with_its_reason_and_documented_kind(pattern, reason):
    with pytest.raises(InvalidPattern) as refused:
        check(pattern, "content_filters[0].pattern")
    assert reason in refused.value.issues[0].message
    assert refused.value.issues[0].path == "content_filters[0].pattern"
    assert (refused.value.status, refused.value.error_type) == (400, "invalid_regex_pattern")


@given(st.text(alphabet="ab01(){}[]*+?|\\^$,.-", max_size=30))
def test_what_is_taken_has_balanced_groups_and_no_text_makes_it_fail_otherwise(pattern):
    try:
        check(pattern, "p")
    except InvalidPattern:
        return
    bare = re.sub(r"\\.|\[\^?(?:\\.|[^\]\\])*\]", "", pattern)
    assert bare.count("(") == bare.count(")")


def test_the_longest_pattern_is_read_in_one_pass():
    check("(a|b)" * 20_000, "p")
    with pytest.raises(InvalidPattern):
        check("(" * 100_000, "p")
