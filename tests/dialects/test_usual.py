"""OpenAI's usual answers are read by a shorter way than odd ones: whichever is taken, they say the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.upstream.answers import completion
from trunkline.server.adapters.providers.dialects.dialect import Garbage
from trunkline.server.adapters.providers.dialects.openai_answers import StreamDecoder, whole
from trunkline.server.adapters.providers.dialects.openai_usual import usual_events
from trunkline.server.domain.generation.delta import Event
from trunkline.server.domain.generation.request import Surface

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
odd = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2) | st.just([]) | st.just({})
counts = st.integers(-2, 50) | odd
parts = st.fixed_dictionaries(
    {},
    optional={
        "role": texts, "content": texts | odd, "reasoning": texts | odd, "reasoning_content": texts,
        "refusal": texts | odd, "tool_calls": odd | st.just([{"function": {"name": "f", "arguments": "{}"}}]),
        "images": odd, "annotations": odd, "audio": odd, "function_call": odd | st.just({"name": "f"}),
        "reasoning_details": odd | st.just([{"type": "reasoning.text", "text": "Hm"}]),
    },
)  # fmt: skip
choices = st.fixed_dictionaries(
    {},
    optional={
        "index": st.integers(0, 3) | odd, "message": parts | odd, "delta": parts | odd, "text": odd, "error": odd,
        "finish_reason": st.sampled_from(["stop", "length", "error", "content_filter", "eos"]) | odd,
        "native_finish_reason": texts | odd, "logprobs": odd | st.just({"content": [{"token": "a"}]}),
    },
)  # fmt: skip
answers = st.fixed_dictionaries(
    {},
    optional={
        "id": texts | odd, "model": texts, "service_tier": texts | odd, "system_fingerprint": texts,
        "choices": st.lists(choices | odd, max_size=3) | odd, "error": odd,
        "usage": odd | st.fixed_dictionaries({}, optional={
            "prompt_tokens": counts, "completion_tokens": counts, "total_tokens": counts, "cached_tokens": counts,
            "prompt_tokens_details": odd | st.fixed_dictionaries({"cached_tokens": counts}),
        }),
    },
)  # fmt: skip


def said(answer: dict[str, Any], *, streamed: bool) -> list[Event] | str:
    body = json.dumps(answer).encode()
    try:
        return list(StreamDecoder(Surface.CHAT).take(body) if streamed else whole(body, Surface.CHAT))
    except Garbage as error:
        return str(error)


@given(answers, st.booleans())
@example(completion(), False)
def test_both_ways_to_read_an_answer_say_the_same(answer: dict[str, Any], streamed: bool):
    # Groq's own member is never usual, and an empty one says nothing.
    assert said(answer, streamed=streamed) == said(answer | {"x_groq": {}}, streamed=streamed)


def test_an_ordinary_answer_takes_the_shorter_way():
    assert usual_events(json.dumps(completion()).encode(), begins=True) is not None
    assert usual_events(json.dumps(completion() | {"x_groq": {}}).encode(), begins=True) is None
