"""Google's own client says the same to Gemini as the gateway does, and reads our Gemini as Gemini."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import environment
from tests.dialects.gemini import Gemini
from tests.dialects.said import Counts, Said, Text, Thought, ToolCall
from tests.live.gateways import Caller
from tests.upstream.answers import streamed, whole
from tests.upstream.scripted import Call, ScriptedProvider

VOICE = Gemini()
HERE = Path(__file__).parent
PIECES = (Thought("Hm."), Text("Hel"), Text("lo"), ToolCall("weather", {"city": "Rome"}))
ANSWER = Said(pieces=PIECES, finish="tool_calls", counts=Counts(12, 7, thoughts=4))
READ = {
    "text": "Hello",
    "thought": "Hm.",
    "calls": [["weather", {"city": "Rome"}]],
    "finish": "STOP",
    "tokens": [12, 3, 4],
    "total": 19,
}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "weather", "description": "Tell the weather", "parameters": SCHEMA}
TOOLS = [{"type": "function", "function": FUNCTION}]
HI = [{"role": "user", "content": "Hi"}]
SIGNED = {"type": "reasoning.encrypted", "data": "c2lnbmVk", "id": "call_1", "format": "google-gemini-v1", "index": 0}


def call(number: int, city: str) -> dict[str, Any]:
    arguments = json.dumps({"city": city})
    return {"id": f"call_{number}", "type": "function", "function": {"name": "weather", "arguments": arguments}}


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


ASKED: dict[str, dict[str, Any]] = {
    "text": {"messages": HI},
    "sampling": {
        "messages": HI,
        "temperature": 0.5,
        "top_p": 0.75,
        "top_k": 4,
        "seed": 7,
        "presence_penalty": 0.25,
        "frequency_penalty": 0.5,
        "max_tokens": 50,
        "stop": "END",
        "logprobs": True,
        "top_logprobs": 2,
    },
    "conversation": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": "Two?"},
        ]
    },
    "tools": {
        "messages": [{"role": "user", "content": "Rome?"}],
        "tools": TOOLS,
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    },
    "results": {
        "messages": [
            {"role": "user", "content": "Rome?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [call(1, "Rome"), call(2, "Bern")],
                "reasoning_details": [SIGNED],
            },
            {"role": "tool", "tool_call_id": "call_2", "content": '{"sun": true}'},
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ],
        "tools": TOOLS,
        "tool_choice": "auto",
    },
    "media": {
        "messages": user(
            {"type": "text", "text": "What?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            {"type": "image_url", "image_url": {"url": "https://x.example/a.jpeg"}},
        )
    },
    "schema": {
        "messages": [{"role": "user", "content": "Where?"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}},
    },
    "level": {"messages": HI, "reasoning": {"effort": "high"}},
    "budget": {"messages": HI, "reasoning": {"max_tokens": 2000}},
    "image": {
        "messages": [{"role": "user", "content": "Draw"}],
        "modalities": ["text", "image"],
        "image_config": {"aspect_ratio": "16:9"},
    },
    "safety": {
        "messages": HI,
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    },
}
EMBEDDED = {"input": ["a", "b"], "dimensions": 2, "input_type": "search_query"}


def read(call_: Call) -> tuple[str, str | None, Any]:
    """Return where a request went, with which key, and its body."""
    return call_.path.replace("//", "/"), call_.header("x-goog-api-key"), camel(json.loads(call_.body))


def camel(value: Any) -> Any:
    """Return a body in one spelling of its names: Google takes both, and its client mixes them."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {re.sub("_(.)", lambda found: found[1].upper(), name): camel(item) for name, item in value.items()}


@pytest.fixture(scope="module")
def told(speakers: tuple[Caller, dict[str, ScriptedProvider]]) -> dict[str, Any]:
    """Return what Google's client read, and under `sent` what it sent."""
    provider = speakers[1]["gemini"]
    provider.forget()
    for _ in ASKED:
        provider.then(*whole(VOICE.whole(ANSWER)))
    status, refusal, _ = VOICE.refusal(7)
    provider.then(*streamed(*VOICE.stream(ANSWER))).then(*whole(VOICE.vectors([[1, 2], [3, 4]])))
    provider.always(*whole(refusal, status))
    said: dict[str, Any] = environment("google-genai").run(
        HERE / "run_calls.py", provider.url, "sk-gemini", VOICE.model
    )
    calls = [read(call_) for call_ in provider.calls]
    provider.forget()
    return said | {"sent": dict(zip([*ASKED, "streamed", "embeddings"], calls, strict=False))}


@pytest.mark.parametrize("name", ASKED)
def test_the_same_request_goes_out_in_the_same_words(told, speakers, name):
    caller, providers = speakers
    provider = providers["gemini"]
    provider.forget()
    provider.then(*whole(VOICE.whole(ANSWER)))
    assert caller.post("/chat/completions", {"model": "acme/gemini", **ASKED[name]}).status == 200
    path, key, ours = read(provider.calls[0])
    # The server shows thoughts wherever an endpoint reasons, which Google's client does when asked.
    thinking = ours.get("generationConfig", {}).get("thinkingConfig")
    if thinking == {"includeThoughts": True}:
        del ours["generationConfig"]["thinkingConfig"]
        ours = {field: value for field, value in ours.items() if value}
    expected_path, expected_key, theirs = told["sent"][name]
    theirs = {field: value for field, value in theirs.items() if value}
    for instruction in (body.get("systemInstruction", {}) for body in (ours, theirs)):
        instruction.pop("role", None)
    assert ours == theirs
    assert (path, key) == (expected_path, expected_key)


def test_streams_and_embeddings_go_where_google_s_client_sends_them(told, speakers):
    caller, providers = speakers
    provider = providers["gemini"]
    provider.forget()
    provider.then(*streamed(*VOICE.stream(ANSWER))).then(*whole(VOICE.vectors([[1, 2], [3, 4]])))
    caller.stream("acme/gemini")
    assert caller.post("/embeddings", {"model": "acme/gemini-embed", **EMBEDDED}).status == 200
    stream, embeddings = provider.calls
    assert stream.path == told["sent"]["streamed"][0]
    path, _, theirs = told["sent"]["embeddings"]
    assert embeddings.path == path.replace("gemini-embedding-001", VOICE.model)
    ours = json.loads(embeddings.body)
    for request in theirs["requests"]:
        assert request.pop("model") == "models/gemini-embedding-001"
        request["content"].pop("role", None)
    assert [request.pop("model") for request in ours["requests"]] == [f"models/{VOICE.model}"] * 2
    assert ours == theirs


@pytest.mark.parametrize("name", [*ASKED, "streamed"])
def test_google_s_client_reads_the_provider_of_our_tests(told, name):
    assert told[name] == READ


def test_google_s_client_reads_our_vectors_and_refusals(told):
    assert told["embeddings"] == [[1.0, 2.0], [3.0, 4.0]]
    assert told["refused"] == [429, "RESOURCE_EXHAUSTED"]
