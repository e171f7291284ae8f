"""Whatever a caller writes into a request, a dialect writes JSON or says that it has no words for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.server.adapters.providers.conftest import attempt, endpoint
from trunkline.server.adapters.providers.dialects.dialect import Addressee, NotExpressible
from trunkline.server.adapters.providers.quirks import NONE, QUIRKS
from trunkline.server.adapters.providers.targets import DIALECTS
from trunkline.server.domain.generation.request import Surface

urls = ["https://x.example/a.png", "data:image/png;base64,AAAA", "data:,"]
words = st.sampled_from(["", "text", *urls, "{}", "[1]", "ü"])
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)


def objects(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of the members, each as it should be or anything."""
    return st.fixed_dictionaries({}, optional={name: member | values for name, member in members.items()})


kinds = st.sampled_from(
    ["text", "image_url", "input_audio", "video_url", "file", "refusal", "image", "document", "tool_use", "new"]
)
sources = objects(url=words, data=words, format=st.sampled_from(["wav", "pcm16"]), file_data=words, file_id=words)
parts = objects(type=kinds, text=words, image_url=sources, input_audio=sources, video_url=sources, file=sources)
functions = objects(name=words, arguments=words, description=words, parameters=values)
calls = objects(id=words, type=st.just("function"), function=functions)
details = objects(
    type=st.sampled_from(["reasoning.text", "reasoning.encrypted"]),
    text=words,
    data=words,
    signature=words,
    id=words,
    index=st.integers(0, 3),
    format=st.sampled_from(["anthropic-claude-v1", "google-gemini-v1"]),
)
# What the surfaces let through: these members are checked before, all others are not.
messages = st.builds(
    lambda checked, more: {**more, **checked},
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool"])},
        optional={"content": st.none() | words | st.lists(parts.filter(bool), max_size=3), "tool_call_id": words},
    ),
    objects(
        name=words,
        refusal=words,
        tool_calls=st.lists(calls, max_size=2),
        reasoning_details=st.lists(details, max_size=3),
        images=st.lists(parts, max_size=2),
        cache_control=st.just({"type": "ephemeral"}),
    ),
)
tools = st.lists(st.dictionaries(words, values, max_size=1) | objects(type=st.just("function"), function=functions))
bodies = st.builds(
    lambda said, more: {"messages": said, **more},
    st.lists(messages, min_size=1, max_size=4),
    st.fixed_dictionaries(
        {},
        optional={
            "tools": tools.map(lambda rows: [row for row in rows if isinstance(row, dict)]),
            "tool_choice": st.sampled_from(["auto", "required", "none"]) | values,
            "parallel_tool_calls": values,
            "stop": words | st.lists(words, max_size=4),
            "reasoning": objects(effort=st.sampled_from(["high", "none"]), max_tokens=st.integers(1, 10**6)).map(
                lambda stated: {name: value for name, value in stated.items() if not isinstance(value, list | dict)}
            ),
            "response_format": objects(json_schema=objects(schema=values, name=words)).map(
                lambda stated: {**stated, "type": "json_schema"}
            ),
            "image_config": values,
            "audio": values,
            "cache_control": values,
            "modalities": st.lists(st.sampled_from(["text", "image", "audio"])),
            "verbosity": values,
            "logprobs": values,
            "safety_settings": values,
        },
    ),
)


def checked(dialect: str, body: dict[str, Any], surface: Surface = Surface.CHAT) -> Any:
    """Write a request; return its body, None where there are no words for it."""
    made = attempt(json.dumps(body).encode(), endpoint(max_completion_tokens=8000), surface=surface)
    for quirk in (NONE, QUIRKS["alibaba"]):
        try:
            encoded = DIALECTS[dialect].encode(made, Addressee("gemini-3-x", "hash", quirk))
        except NotExpressible:
            return None
    return json.loads(encoded.body)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(bodies)
@example({"messages": [{"role": "assistant", "tool_calls": 5, "reasoning_details": 5, "images": 5, "name": 5}]})
@example({"messages": [{"role": "tool", "content": None}]})
def test_every_conversation_is_written_or_refused_in_words(dialect: str, body: dict[str, Any]):
    written = checked(dialect, body)
    assert written is None or isinstance(written, dict)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(st.fixed_dictionaries({"input": values}, optional={"dimensions": values, "input_type": words}))
def test_every_input_is_embedded_or_refused_in_words(dialect: str, body: dict[str, Any]):
    written = checked(dialect, body, Surface.EMBEDDINGS)
    assert written is None or isinstance(written, dict)
