"""Whatever JSON a provider answers with: what is read of it can be put together, counted, recorded and sent on."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.adapters.providers.dialects import anthropic_answers, openai_answers
from trunkline.server.adapters.providers.dialects.dialect import Garbage
from trunkline.server.domain.generation.delta import Delta, Used
from trunkline.server.domain.generation.estimate import OutputTally
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.generation.tool_calls import ToolCalls
from trunkline.server.http.surfaces.shapes import Collected, delta

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.just("\ud83d"),
    st.lists(st.integers() | st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers() | st.text(max_size=2), max_size=2),
)


def of(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects that have some of these members, of any kind."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ODD))


FUNCTIONS = ODD | of("name", "arguments", "input")
CALLS = st.fixed_dictionaries({}, optional={"index": ODD, "id": ODD, "type": ODD, "function": FUNCTIONS})
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "role": ODD,
        "content": ODD | st.lists(of("type", "text", "thinking", "input", "id", "name"), max_size=2),
        "reasoning": ODD,
        "reasoning_content": ODD,
        "reasoning_details": ODD | st.lists(of("type", "text", "summary", "index", "data"), max_size=2),
        "refusal": ODD,
        "tool_calls": ODD | st.lists(CALLS, max_size=3),
        "function_call": FUNCTIONS,
        "audio": ODD | of("id", "data", "transcript", "expires_at"),
        "images": ODD | st.lists(of("type", "image_url"), max_size=2),
        "annotations": ODD | st.lists(of("type", "url_citation"), max_size=2),
    },
)
USAGE = of(
    "prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "input_tokens", "output_tokens"
)


@given(st.lists(MESSAGES, min_size=1, max_size=3), USAGE, ODD, ODD)
def test_whatever_is_read_can_be_put_together_counted_and_sent_on(messages, usage, index, reason):
    for part, decode in (
        ("message", openai_answers.whole),
        ("delta", lambda body, surface: openai_answers.StreamDecoder(surface).take(body)),
        ("content", anthropic_answers.whole),
    ):
        said: dict[str, Any] = {"type": "message", "role": "assistant", "usage": usage, "stop_reason": reason}
        if part == "content":
            said["content"] = [{"type": "tool_use", **one} for one in messages] + [{"type": "text", **messages[0]}]
        else:
            said["choices"] = [{"index": index, "finish_reason": reason, part: one} for one in messages]
        whole, calls, tally = Collected(), ToolCalls(), OutputTally()
        try:
            events = decode(json.dumps(said).encode(), Surface.CHAT)
        except Garbage:
            continue
        for event in events:
            if isinstance(event, Delta):
                whole.add(event)
                tally.add(event)
                calls.add(event.tool_calls or ())
                msgspec.json.encode(delta(event, first=True, reasoning=True))
            if isinstance(event, Used):
                counts = msgspec.to_builtins(event.usage)
                assert all(0 <= count <= 10**10 for count in counts.values())
        assert tally.tokens >= 0
        assert calls.bad(None) in {None, True, False}
        msgspec.json.encode(whole.message(reasoning=True))
