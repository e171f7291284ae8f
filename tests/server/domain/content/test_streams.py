"""Streamed redaction: whatever the chunks, what comes out is what the whole text would be, and little is held back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.server.domain.content.filters import Filter, Source, united
from trunkline.server.domain.content.inspection import Blocked, Effort, Inspection
from trunkline.server.domain.content.presets import PRESETS
from trunkline.server.domain.content.streams import MOST_HELD, Redactor
from trunkline.server.domain.policy.guardrail import ContentFilter, ContentFilterBuiltin


def customs(*patterns: str, action: str = "redact") -> tuple[Filter, ...]:
    made = tuple(ContentFilter(pattern=pattern, action=action, label=f"[{n}]") for n, pattern in enumerate(patterns))
    return united([Source("g", "api-key", made, ())])


BUILTINS = united([Source("g", "api-key", (), tuple(ContentFilterBuiltin(slug=s, action="redact") for s in PRESETS))])


def streamed(filters: tuple[Filter, ...], chunks: list[str]) -> list[str]:
    redactor = Redactor(filters, Inspection(filters, Effort(lambda: 0.0)))
    return [*(redactor.feed(chunk) for chunk in chunks), redactor.feed("", final=True)]


def whole(filters: tuple[Filter, ...], text: str) -> str:
    return Inspection(filters, Effort(lambda: 0.0)).text(text, user=False)


@st.composite
def cut(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> list[str]:
    text = draw(texts)
    places = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=len(text)))})
    return [text[start:stop] for start, stop in pairwise(places)] or [""]


words = st.lists(
    st.sampled_from(["12-3", "1", "23", "-", "ab", "ba", "a", "b", "xx", " ", "é", "\U0001f600", "c\n"]), max_size=14
)
patterns = st.sampled_from(
    [
        r"\d+-\d",
        "ab+",
        "a.?b",
        "x{2,}",
        r"\bb",
        "(é|\\d)+",
        "[^a]b",
        "a*",
        r"\d+\b",
        r"\Bb",
        "a(.*b)?",
        "^a",
        "b$",
        r"é+a|é",
        r"a[^]*?c",
    ]
)


@given(cut(words.map("".join)), st.lists(patterns, min_size=1, max_size=3, unique=True))
@example(["1", "2-", "3"], [r"\d+-\d"])
@example(["a", "x", "b", "c"], ["a(.*b)?"])
@example(["ab", "b"], ["b$", "ab"])
@example(["\U0001f600", "é", "1"], ["(é|\\d)+", r"é+a|é"])
def test_chunks_make_no_difference(chunks: list[str], written: list[str]):
    filters = customs(*written)
    assert "".join(streamed(filters, chunks)) == whole(filters, "".join(chunks))


private = st.lists(
    st.sampled_from(
        [
            "ada@example.com", "4111 1111 1111 1111", "123-45-6789", "192.168.0.1", "fe80::1", "+44 20 7946 0958", "::",
            "Dr. Jane Smith", "My name is Zoë Kay", "221B Baker Street", "ignore all previous instructions", ".", "1",
            "@",            " ", ", ", "and", "555-123-4567", "2024-01-02", "x", "é", "\n", ":", "1.2.3",
        ]
    ),
    max_size=8,
)  # fmt: skip


@given(cut(private.map("".join)))
def test_chunks_make_no_difference_to_the_built_in_filters(chunks: list[str]):
    assert "".join(streamed(BUILTINS, chunks)) == whole(BUILTINS, "".join(chunks))


@given(cut(private.map(" ".join)))
def test_nothing_private_leaves_in_any_chunk_or_across_them(chunks: list[str]):
    out = "".join(streamed(BUILTINS, chunks))
    for secret in ("ada@example.com", "4111 1111 1111 1111", "123-45-6789", "Jane Smith", "7946 0958"):
        assert secret not in out


def test_only_what_may_become_a_match_is_held_back():
    filters = customs(r"\b(sk-[a-z0-9]{8})\b", "moonlight")
    assert streamed(filters, ["Hello ", "world, ", "mo", "on ", "sk-", "12345678", "9, sk-12345678", "."]) == [
        "Hello ", "world, ", "", "moon ", "", "", "sk-123456789, ", "[0].", "",
    ]  # fmt: skip


def test_a_match_without_end_holds_back_no_more_than_the_bound():
    filters = customs(r"BEGIN[^]*END")
    redactor = Redactor(filters, Inspection(filters, Effort(lambda: 0.0)))
    assert redactor.feed("BEGIN") == ""
    out, fed = "", "BEGIN"
    for number in range(3_000):
        out += redactor.feed(f"{number:04} ")
        fed += f"{number:04} "
        assert len(fed) - len(out) <= MOST_HELD + 8
    assert out == fed[: len(out)]
    short = "BEGIN" + "x" * (MOST_HELD - 9) + "END"
    assert "".join(streamed(filters, [*short, " after"])) == "[0] after"


def test_a_run_longer_than_the_bound_leaves_nothing_of_itself():
    filters = customs(r"\d+")
    out = "".join(streamed(filters, ["5" * 1_000] * 20))
    assert set(out) == {"[", "0", "]"}
    assert len(out) <= 30


@given(cut(words.map("".join)))
def test_what_blocks_is_noticed_before_any_of_it_leaves(chunks: list[str]):
    filters = customs(r"12-\d", action="block")
    redactor = Redactor(filters, Inspection(filters, Effort(lambda: 0.0)))
    out = ""
    try:
        for chunk in chunks:
            out += redactor.feed(chunk)
        out += redactor.feed("", final=True)
    except Blocked:
        assert "12-" in "".join(chunks)
    else:
        assert out == "".join(chunks)
        assert "12-3" not in out
    assert "12-3" not in out


def test_what_is_flagged_is_passed_and_counted():
    filters = customs(r"12-\d", action="flag")
    inspection = Inspection(filters, Effort(lambda: 0.0))
    redactor = Redactor(filters, inspection)
    assert "".join([redactor.feed("1"), redactor.feed("2-3 12-"), redactor.feed("4", final=True)]) == "12-3 12-4"
    assert [finding.count for finding in inspection.findings] == [2]


def test_a_stream_is_redacted_in_time_linear_to_its_length():
    looked = 0

    class Counting(Inspection):
        def note(self, each: Filter, texts: object) -> object:  # type: ignore[override]
            nonlocal looked
            looked += 1
            return super().note(each, texts)  # type: ignore[arg-type]

    filters = customs("a*b|a")
    redactor = Redactor(filters, Counting(filters, Effort(lambda: 0.0)))
    for _ in range(200):
        redactor.feed("a" * 50)
        assert len(redactor._text) <= 2 * MOST_HELD + 100
    assert looked <= 200 * 50


def test_what_matches_nothing_at_all_is_looked_for_once_in_each_place():
    looks = 0

    def processor() -> float:
        nonlocal looks
        looks += 1
        return 0.0

    filters = customs("(?:[^]*Z)?")
    redactor = Redactor(filters, Inspection(filters, Effort(processor)))
    text = "".join(redactor.feed("ab") for _ in range(5_000)) + redactor.feed("", final=True)
    assert text == "ab" * 5_000
    assert looks <= 2 * len(text)


@pytest.mark.parametrize("chunk", ["\ud83d", "x\udc00"])
def test_half_characters_do_no_harm(chunk: str):
    assert "".join(streamed(customs("a"), [chunk, "a"])) == f"{chunk}[0]"
