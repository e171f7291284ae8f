"""The grammar of slugs and the resolution of aliases (spec 4.1, 4.3)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.catalog.slugs import Slug

CHAIN = 10_000


@pytest.mark.parametrize(
    "text",
    [
        "openai/gpt-4",
        "x-ai/grok-4.6",
        "0x/1",
        "meta-llama/llama-3.3-70b-instruct:free",
        "~anthropic/claude-sonnet-latest",
        "openai/gpt-4-0613",
        "a/b_c",
        "a/b..c",
        "openrouter/fusion-flash:free:nitro",
        "a/b:-",
    ],
)
def test_ids_of_the_grammar_are_ids(text: str):
    assert slugs.is_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "a/", "/b", "openai", "openai/", "openai/gpt/4", "openai//gpt-4", "OpenAI/gpt-4", "openai/GPT-4",
        "openai/gpt-4:", "openai/gpt-4::free", "openai/gpt-4:free:", "openai/gpt-4:Free", "openai/gpt-4:a.b", "-a/b",
        "a/-b", "a/.b", "a/..", "../b", "a.b/c", "a_b/c", "~/a", "~~a/b", "a/~b", "openai%2Fgpt-4", "openai/gpt%2D4",
        " openai/gpt-4", "openai/gpt-4 ", "openai/gpt-4\n", "openai/gpt 4", "openai/gpt-4\x00", "@preset/mine",
        "openai/gpt\u20114", "о\u0440enai/gpt-4", "openai/gpt-４", "openai/gpt\u202e4", "a/b/../c", "a\\b",
    ],
)  # fmt: skip
def test_everything_else_is_no_id(text: str):
    assert not slugs.is_id(text)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("openai/gpt-4", Slug("openai/gpt-4", None, ())),
        ("OpenAI/GPT-4", Slug("openai/gpt-4", None, ())),
        ("a/b:free", Slug("a/b", "free", ())),
        ("a/b:nitro", Slug("a/b", None, ("nitro",))),
        ("a/b:free:nitro", Slug("a/b", "free", ("nitro",))),
        ("a/b:nitro:free:floor", Slug("a/b", "free", ("nitro", "floor"))),
        ("a/b:floor:nitro:online:exacto", Slug("a/b", None, ("floor", "nitro", "online", "exacto"))),
        ("~a/b:nitro", Slug("~a/b", None, ("nitro",))),
        ("a/b:bogus", Slug("a/b", "bogus", ())),
        ("a/b:free:extended", None),
        ("a/b:free:free", None),
        ("a/b:nitro:nitro", None),
        ("a/b:", None),
        ("a/b::nitro", None),
        ("@preset/a", None),
        ("a", None),
        ("", None),
        # The Kelvin sign and the long s become ASCII letters in lower or upper case; they are not those letters.
        ("a/\u212a", None),
        ("a/\u017f", None),
    ],
)
def test_a_slug_is_taken_apart_into_base_static_and_dynamic_suffixes(text: str, slug: Slug | None):
    assert slugs.parse(text) == slug


@pytest.mark.parametrize(
    ("model_id", "author", "variant"),
    [("openai/gpt-4", "openai", None), ("~anthropic/x-latest", "anthropic", None), ("a/b:free", "a", "free")],
)
def test_author_and_variant_are_read_off_an_id(model_id: str, author: str, variant: str | None):
    assert (slugs.author(model_id), slugs.variant(model_id)) == (author, variant)


@given(st.text(max_size=60))
def test_no_text_breaks_the_grammar(text: str):
    parsed = slugs.parse(text)
    if parsed is not None:
        assert slugs.is_id(parsed.id)
        assert len(parsed.id) <= len(text)


def test_a_megabyte_of_slug_is_read_in_one_pass():
    assert slugs.parse("a/" + "b" * 2**20) is not None
    assert slugs.parse("a/b" + ":x" * 2**19) is None
    assert slugs.parse("a/b" + ":x" * 2**19 + "!") is None


def test_chains_are_followed_to_their_ends():
    ends, refused = slugs.resolve_aliases({"x/a": "x/b", "x/b": "x/c", "y/a": "x/b"}, ["x/c"])
    assert ends == {"x/a": "x/c", "x/b": "x/c", "y/a": "x/c"}
    assert refused == {}


def test_an_alias_may_not_shadow_a_model_and_chains_end_at_the_model():
    ends, refused = slugs.resolve_aliases({"x/a": "x/b", "x/b": "x/c"}, ["x/b", "x/c"])
    assert ends == {"x/a": "x/b"}
    assert refused == {"x/b": "shadows a model of that id"}


@pytest.mark.parametrize(
    "targets",
    [
        {"x/a": "x/a"},
        {"x/a": "x/b", "x/b": "x/a"},
        {"x/a": "x/b", "x/b": "x/c", "x/c": "x/b"},
        {"x/c": "x/b", "x/b": "x/c", "x/a": "x/b"},
    ],
)
def test_cycles_and_what_leads_into_them_are_refused(targets: dict[str, str]):
    ends, refused = slugs.resolve_aliases({**targets, "y/a": "y/b"}, ["y/b"])
    assert ends == {"y/a": "y/b"}
    assert refused == dict.fromkeys(targets, "is part of a cycle")


@pytest.mark.parametrize("order", ["forward", "backward", "random"])
def test_ten_thousand_aliases_in_a_chain_all_reach_its_end(order: str):
    links = [(f"x/a{number}", f"x/a{number + 1}") for number in range(CHAIN)]
    if order == "backward":
        links.reverse()
    if order == "random":
        random.Random(1).shuffle(links)
    ends, refused = slugs.resolve_aliases(dict(links), [f"x/a{CHAIN}"])
    assert len(ends) == CHAIN
    assert set(ends.values()) == {f"x/a{CHAIN}"}
    assert refused == {}


def test_ten_thousand_aliases_in_a_ring_are_all_refused():
    ring = {f"x/a{number}": f"x/a{(number + 1) % CHAIN}" for number in range(CHAIN)}
    ends, refused = slugs.resolve_aliases(ring, [])
    assert ends == {}
    assert refused.keys() == ring.keys()


_SMALL = st.sampled_from([f"x/{letter}" for letter in "abcdefgh"])


@given(st.dictionaries(_SMALL, _SMALL), st.sets(_SMALL), st.randoms())
def test_resolution_agrees_with_walking_each_alias_by_itself(
    targets: dict[str, str], rows: set[str], shuffler: random.Random
):
    def walk(step: str) -> str | None:
        seen = set()
        while step in targets and step not in rows:
            if step in seen:
                return None
            seen.add(step)
            step = targets[step]
        return step

    expected = {alias: walk(targets[alias]) for alias in targets if alias not in rows}
    items = list(targets.items())
    shuffler.shuffle(items)
    ends, refused = slugs.resolve_aliases(dict(items), rows)
    assert ends == {alias: end for alias, end in expected.items() if end is not None}
    assert refused.keys() == targets.keys() - ends.keys()
