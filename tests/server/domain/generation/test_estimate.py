"""The estimator: a quarter of the characters, 4 for each message, 1000 for each image."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.generation import estimate
from trunkline.server.domain.generation.delta import Delta


def counted(**fields: Any) -> int:
    return estimate.prompt_tokens({name: msgspec.Raw(json.dumps(value).encode()) for name, value in fields.items()})


@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"messages": []}, 0),
        ({"messages": [{"role": "user", "content": "12345678"}]}, 2 + 4),
        ({"messages": [{"role": "user", "content": "123456789"}]}, 3 + 4),
        ({"messages": [{"role": "user", "content": "ünïç"}]}, 1 + 4),
        ({"messages": [{"role": "system", "content": "1234"}, {"role": "user", "content": "1234"}]}, 2 + 8),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "1234"},
                            {"type": "image_url", "image_url": {"url": "x" * 9999}},
                        ],
                    }
                ]
            },
            1 + 4 + 1000,
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [{"function": {"name": "ab", "arguments": "{}"}}],
                    }
                ]
            },
            1 + 4,
        ),
        ({"messages": [{"role": "user"}]}, 4),
        ({"messages": [{"role": "user", "content": None, "tool_calls": None}]}, 4),
        ({"prompt": "12345678"}, 2),
        ({"prompt": ["1234", "1234"]}, 2),
        ({"prompt": [5, 6, 7]}, 3),
        ({"input": "1234"}, 1),
        ({"input": [[1, 2], [3]]}, 3),
        ({"input": [{"content": [{"type": "text", "text": "1234"}]}]}, 1 + 4),
        ({"messages": [], "tools": [{"a": "b"}]}, 3),
        ({"temperature": 1}, 0),
    ],
)
def test_prompts(fields, tokens):
    assert counted(**fields) == tokens


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["role", "content", "text", "type", "tool_calls", "function", "arguments"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(values)
def test_no_prompt_is_too_odd_to_be_counted(value):
    assert counted(messages=value, prompt=value, input=value, tools=value) >= 0


def test_what_cannot_be_read_counts_by_its_length():
    deep = b"[" * 5000 + b"]" * 5000
    assert estimate.prompt_tokens({"messages": msgspec.Raw(deep)}) == 2500


def test_an_answer_is_counted_by_all_that_it_says():
    tally = estimate.OutputTally()
    assert tally.tokens == 0
    tally.add(Delta(content="1234", reasoning="1234"))
    tally.add(Delta(refusal="1234"))
    tally.add(Delta(tool_calls=[{"index": 0, "function": {"name": "ab", "arguments": None}}, {"index": 0}]))
    assert tally.tokens == 4
    tally.add(Delta(images=[{"type": "image_url"}]))
    assert tally.tokens == 1004


@given(st.lists(st.text(max_size=30)), st.lists(st.integers(0, 900)))
def test_an_answer_counts_the_same_however_it_is_cut(texts, cuts):
    whole = "".join(texts)
    pieces = [whole[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(whole)], strict=True) if a < b]
    one, many = estimate.OutputTally(), estimate.OutputTally()
    one.add(Delta(content=whole))
    for piece in pieces:
        many.add(Delta(content=piece))
    assert many.tokens == (one.tokens if "".join(pieces) == whole else many.tokens)
