"""What a request needs of an endpoint (spec gateway 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.domain.routing.scene import HELLO, TOOLS, request
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.routing.needs import Needs, read
from trunkline.server.errors import BadRequest


def needs(surface: Surface = Surface.CHAT, **fields: Any) -> Needs:
    return read(request(surface=surface, **fields), lambda given: 7)


def parts(*types: str) -> list[dict[str, Any]]:
    content = [{"type": kind, kind: {"url": "x"}} for kind in types]
    return [{"role": "user", "content": [{"type": "text", "text": "look"}, *content]}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"max_tokens": 5}, {"max_tokens": 5, "parameters": frozenset({"max_tokens"})}),
        ({"max_tokens": 5, "max_completion_tokens": 9}, {"max_tokens": 9}),
        ({"seed": None, "temperature": 0}, {"parameters": frozenset({"temperature"})}),
        ({"safe_prompt": True}, {"parameters": frozenset()}),
        ({"tools": TOOLS}, {"tools": True, "tool_choice": None}),
        ({"tools": []}, {"tools": False}),
        ({"tools": None}, {"tools": False}),
        ({"tools": TOOLS, "tool_choice": "required"}, {"tool_choice": "required"}),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "f"}}}, {"tool_choice": "function"}),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, {"format": "structured_outputs"}),
        ({"response_format": {"type": "json_object"}}, {"format": "response_format"}),
        ({"response_format": {"type": "grammar", "grammar": "x"}}, {"format": "response_format"}),
        ({"response_format": {"type": "text"}}, {"format": None}),
        ({"verbosity": "low"}, {"verbosity": True}),
        ({"reasoning": {"effort": "high"}}, {"effort": "high"}),
        ({"reasoning_effort": "low"}, {"effort": "low"}),
        ({"reasoning": {"enabled": False}}, {"effort": "none"}),
        ({"reasoning": {"max_tokens": 0}}, {"effort": "none"}),
        ({"reasoning": {"mode": "pro"}}, {"effort": None, "pro": True}),
        ({"speed": "fast"}, {"fast": True}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"messages": parts("image_url")}, {"inputs": frozenset({"image"})}),
        ({"messages": parts("input_audio", "video_url")}, {"inputs": frozenset({"audio", "video"})}),
        ({"messages": parts("file")}, {"inputs": frozenset()}),
        ({"messages": [{"role": "user", "content": 'a "image_url" in a text'}]}, {"inputs": frozenset()}),
    ],
)
def test_a_request_is_read(fields: dict[str, Any], expected: dict[str, Any]):
    made = needs(**fields)
    assert {name: getattr(made, name) for name in expected} == expected


def test_prompt_and_requested_completion_add_up():
    assert needs().total_tokens == 7
    assert needs(max_tokens=3).total_tokens == 10


def test_texts_to_embed_that_look_like_messages_need_nothing():
    made = needs(Surface.EMBEDDINGS, input=['{"type":"image_url"}', "image_url"])
    assert made.inputs == frozenset()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"max_tokens": "many"}, "max_tokens"),
        ({"reasoning": "high"}, "reasoning"),
        ({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}, "reasoning_effort"),
        ({"response_format": "json"}, "response_format"),
        ({"speed": 3}, "speed"),
    ],
)
def test_a_field_that_decides_the_routing_must_be_of_its_type(fields: dict[str, Any], path: str):
    with pytest.raises(BadRequest) as caught:
        needs(messages=HELLO, **fields)
    assert [issue.path for issue in caught.value.issues] == [path]
