"""Anthropic's Messages on the way out: what a conversation, its tools and its limits become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.adapters.providers.conftest import attempt, endpoint, fault_of, sent, target
from trunkline.server.adapters.providers.dialects.anthropic_requests import encode
from trunkline.server.adapters.providers.dialects.dialect import Addressee, Encoded, NotExpressible
from trunkline.server.adapters.providers.quirks import NONE
from trunkline.server.domain.generation.fault import FaultType

CLAUDE = endpoint("anthropic/claude", "anthropic", {"upstream_model": "claude-x"}, max_completion_tokens=8000)


def encoded(body: dict[str, Any], to=CLAUDE, **more: Any) -> Encoded:
    body = {"model": "anthropic/claude", "messages": [{"role": "user", "content": "Hi"}], **body}
    return encode(attempt(body, to, **more), Addressee("claude-x", "hash", NONE))


def said(body: dict[str, Any], to=CLAUDE, **more: Any) -> dict[str, Any]:
    return json.loads(encoded(body, to, **more).body)


def turns(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    return said({"messages": list(messages)})["messages"]


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def call(name: str = "weather", arguments: str = '{"city": "Paris"}', number: int = 1) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_small_request_has_what_anthropic_requires_and_no_more():
    made = encoded({"stream": True})
    assert (made.path, made.headers) == ("/v1/messages", (("anthropic-version", "2023-06-01"),))
    assert json.loads(made.body) == {
        "model": "claude-x",
        "max_tokens": 8000,
        "messages": [{"role": "user", "content": [text("Hi")]}],
        "metadata": {"user_id": "hash"},
        "stream": True,
    }


def test_instructions_go_to_the_top_and_roles_alternate_with_results_before_text():
    body = said(
        {
            "messages": [
                {"role": "system", "content": [text("Be brief.", cache_control={"type": "ephemeral"})]},
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "Hello."},
                {"role": "user", "content": "Weather in Paris and Rome?"},
                {"role": "assistant", "content": "Let me see.", "tool_calls": [call(), call(arguments="", number=2)]},
                {"role": "system", "content": "Answer now."},
                {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
                {"role": "tool", "tool_call_id": "call_2", "content": [text("Sun")]},
                {"role": "user", "content": "And?"},
            ]
        }
    )
    assert body["system"] == [text("Be brief.", cache_control={"type": "ephemeral"}), text("Be kind.")]
    assert body["messages"] == [
        {"role": "user", "content": [text("Hello."), text("Weather in Paris and Rome?")]},
        {
            "role": "assistant",
            "content": [
                text("Let me see."),
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Paris"}},
                {"type": "tool_use", "id": "call_2", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "Rain"},
                {"type": "tool_result", "tool_use_id": "call_2", "content": [text("Sun")]},
                text("Answer now."),
                text("And?"),
            ],
        },
    ]


def test_a_conversation_of_instructions_alone_is_said_by_the_user():
    body = said({"messages": [{"role": "system", "content": "Say hi."}]})
    assert (body["messages"], "system" in body) == ([{"role": "user", "content": [text("Say hi.")]}], False)


def test_a_prompt_is_said_by_the_user():
    assert encode(attempt({"prompt": "Once"}, CLAUDE), Addressee("c", "h", NONE)).body.count(b'"Once"') == 1


def test_names_stand_before_the_text():
    assert turns({"role": "user", "name": "bob", "content": "Hi"})[0]["content"] == [text("bob: Hi")]


def test_a_prefill_keeps_its_place_without_white_space_at_its_end():
    assert turns({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well, \n"})[-1] == {
        "role": "assistant",
        "content": [text("Well,")],
    }


def test_numbers_in_tool_arguments_keep_their_text():
    arguments = '{"n": 1.50, "big": 123456789012345678901234567890}'
    made = encoded(
        {
            "messages": [
                {"role": "assistant", "tool_calls": [call(arguments=arguments)]},
                {"role": "tool", "content": "x", "tool_call_id": "call_1"},
            ]
        }
    )
    assert b'"n":1.50' in made.body.replace(b" ", b"")
    assert b"123456789012345678901234567890" in made.body


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
            {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
            {
                "type": "document",
                "title": "a.pdf",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            },
        ),
        (
            {"type": "file", "file": {"file_data": "https://x.example/a.pdf"}},
            {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:text/plain;base64,R3LDvMOfZQ=="}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
        ),
        (
            {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
        ),
    ],
)
def test_parts_become_blocks(part, block):
    assert turns({"role": "user", "content": [part]})[0]["content"] == [block]


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}],
        [{"type": "video_url", "video_url": {"url": "https://x"}}],
        [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}],
        [{"type": "file", "file": {"file_data": "data:application/zip;base64,AA"}}],
        [3],
    ],
)
def test_what_has_no_block_is_refused_before_anything_is_sent(provider, content):
    made = attempt({"messages": [{"role": "user", "content": content}]}, CLAUDE)
    (events,) = sent(made, to=target(provider.url, "anthropic", dialect="anthropic"))
    fault = fault_of(events)
    assert (fault.type, fault.next_endpoint, fault.counts) == (FaultType.INVALID_REQUEST, True, False)
    assert not provider.calls
    with pytest.raises(NotExpressible):
        encode(made, Addressee("c", "h", NONE))


def test_thinking_that_is_echoed_goes_back_signed_and_in_order():
    details = [
        {"type": "reasoning.text", "text": "Hm", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.text", "text": "m.", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.text", "signature": "sig", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "xyz", "format": "anthropic-claude-v1", "index": 1},
        {"type": "reasoning.text", "text": "unsigned", "format": "anthropic-claude-v1", "index": 2},
        {"type": "reasoning.encrypted", "data": "other", "format": "openai-responses-v1", "index": 3},
    ]
    assert turns(
        {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "42", "reasoning_details": details}
    )[1]["content"] == [
        {"type": "thinking", "thinking": "Hmm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        text("42"),
    ]


TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
}


def test_tools_are_written_in_anthropic_s_words():
    assert said({"tools": [TOOL]})["tools"] == [{"name": "f", "description": "d", "input_schema": {"type": "object"}}]
    assert said({"tools": [TOOL], "stream": True})["tools"][0]["eager_input_streaming"] is True
    strict = encoded({"tools": [TOOL]}, betas=("structured-outputs-2025-11-13", "unheard-of-1"))
    assert json.loads(strict.body)["tools"][0]["strict"] is True
    assert ("anthropic-beta", "structured-outputs-2025-11-13") in strict.headers
    assert said({"tools": [{"type": "function", "function": {"name": "g"}}]})["tools"] == [
        {"name": "g", "input_schema": {"type": "object", "properties": {}}}
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "made"),
    [
        ("auto", None, {"type": "auto"}),
        ("required", None, {"type": "any"}),
        ("none", None, {"type": "none"}),
        ({"type": "function", "function": {"name": "f"}}, None, {"type": "tool", "name": "f"}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("none", False, {"type": "none"}),
        (None, True, None),
    ],
)
def test_the_choice_of_tools_is_written_in_anthropic_s_words(choice, parallel, made):
    body = said({"tools": [TOOL], "tool_choice": choice, "parallel_tool_calls": parallel})
    assert body.get("tool_choice") == made


def test_a_schema_is_the_native_output_format_and_its_beta_is_switched_on():
    made = encoded(
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}}
    )
    assert json.loads(made.body)["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert ("anthropic-beta", "structured-outputs-2025-11-13") in made.headers
    assert said({"verbosity": "high"})["output_config"] == {"effort": "high"}


@pytest.mark.parametrize(
    ("fields", "budget", "limit"),
    [
        ({"reasoning": {"effort": "high"}, "max_tokens": 4000}, 3200, 4000),
        ({"reasoning": {"effort": "high"}, "max_tokens": 1000}, 1024, 2048),
        ({"reasoning_effort": "xhigh", "max_tokens": 4000}, 3800, 4000),
        ({"reasoning": {"effort": "medium"}}, 4000, 8000),
        ({"reasoning": {"effort": "low"}}, 1600, 8000),
        ({"reasoning": {"effort": "minimal"}, "max_tokens": 7000}, 1024, 7000),
        ({"reasoning": {"enabled": True}}, 4000, 8000),
        ({"reasoning": {"max_tokens": 2000}}, 2000, 8000),
        ({"reasoning": {"max_tokens": 10}}, 1024, 8000),
        ({"reasoning": {"max_tokens": 9000}, "max_tokens": 1000}, 7999, 8000),
        ({"reasoning": {"effort": "none"}}, None, 8000),
        ({"reasoning": {"enabled": False, "effort": "high"}}, None, 8000),
        ({"reasoning": {}}, None, 8000),
        ({"include_reasoning": True}, None, 8000),
        ({"max_completion_tokens": 5, "max_tokens": 9}, None, 5),
        ({"max_tokens": 99999}, None, 8000),
        ({"reasoning": {"effort": "high"}, "tools": [TOOL], "tool_choice": "required"}, None, 8000),
    ],
)
def test_effort_becomes_a_budget_below_the_limit(fields, budget, limit):
    body = said(fields)
    assert body["max_tokens"] == limit
    if budget is None:
        assert "thinking" not in body
    else:
        assert body["thinking"] == {"type": "enabled", "budget_tokens": budget, "display": "summarized"}


def test_a_model_that_thinks_takes_no_sampling_parameters_and_others_take_what_they_can():
    fields = {
        "temperature": 1.7,
        "top_p": 0.9,
        "top_k": 5,
        "stop": ["a", " "],
        "seed": 1,
        "frequency_penalty": 1,
        "safe": 1,
    }
    body = said(fields)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k", "stop_sequences")} == {
        "temperature": 1,
        "top_p": 0.9,
        "top_k": 5,
        "stop_sequences": ["a"],
    }
    assert not {"seed", "frequency_penalty", "safe", "stop"} & set(body)
    assert not {"temperature", "top_p", "top_k"} & set(said(fields | {"reasoning": {"effort": "high"}}))
    declared = endpoint("anthropic/claude", "anthropic", supported_parameters=["temperature"])
    assert not {"top_p", "top_k", "stop_sequences"} & set(said(fields, declared))


def test_the_cache_is_marked_at_the_top_and_in_no_more_than_four_places():
    mark = {"type": "ephemeral", "ttl": "1h"}
    parts = [text(str(number), cache_control=mark) for number in range(6)]
    marked = said({"messages": [{"role": "user", "content": parts}]})["messages"][0]["content"]
    assert [block["text"] for block in marked if "cache_control" in block] == ["2", "3", "4", "5"]
    body = said({"cache_control": mark, "messages": [{"role": "user", "content": parts}]})
    assert body["cache_control"] == mark
    assert sum("cache_control" in block for block in body["messages"][0]["content"]) == 3


def test_changes_and_provider_options_reach_the_body():
    import msgspec

    body = said(
        {"tools": [TOOL], "max_tokens": 9000},
        changes={"tools": None, "max_tokens": msgspec.Raw(b"77")},
        preferences={"options": {"anthropic": {"container": "c", "model": "evil"}, "openai": {"x": 1}}},
    )
    assert ("tools" in body, body["max_tokens"], body["container"], body["model"]) == (False, 77, "c", "claude-x")
