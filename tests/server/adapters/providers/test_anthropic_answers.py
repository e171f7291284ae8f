"""Anthropic's Messages on the way back: streams and whole answers as the events of an OpenAI-shaped one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.adapters.providers.conftest import attempt, endpoint, fault_of, sent, target, text_of
from tests.upstream.answers import STREAM_HEAD, chunked, event, streamed, whole
from tests.upstream.scripted import Reset, Send
from trunkline.server.domain.generation.delta import Delta, Failed, Finished, Started, Used
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.usage import Usage


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def block(kind: str, index: int = 0, **more: Any) -> bytes:
    return event({"type": kind, "index": index, **more}, kind)


START = event(
    {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "model": "claude-x",
            "content": [],
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 90,
                "cache_creation_input_tokens": 50,
                "output_tokens": 1,
                "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 20},
                "service_tier": "standard",
            },
        },
    },
    "message_start",
)
STOP = event({"type": "message_stop"}, "message_stop")


def end(reason: str, output: int = 7) -> bytes:
    return event({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": output}})


@pytest.fixture
def claude(answer):
    """Return a function that has the provider play a script to a streamed request."""

    def play(*steps: Any, stream: bool = True) -> list[Any]:
        made = attempt({"messages": [{"role": "user", "content": "Hi"}], "stream": stream}, endpoint())
        return answer(*steps, made=made, dialect="anthropic")

    return play


def test_a_stream_becomes_events(provider, claude):
    events = claude(
        *streamed(
            START,
            block("content_block_start", content_block={"type": "thinking", "thinking": ""}),
            block("content_block_delta", delta={"type": "thinking_delta", "thinking": "Hm."}),
            block("content_block_delta", delta={"type": "signature_delta", "signature": "sig"}),
            block("content_block_stop"),
            event({"type": "ping"}, "ping"),
            block("content_block_start", 1, content_block={"type": "redacted_thinking", "data": "xyz"}),
            block("content_block_start", 2, content_block={"type": "text", "text": ""}),
            block("content_block_delta", 2, delta={"type": "text_delta", "text": "Grü"}),
            block("content_block_delta", 2, delta={"type": "text_delta", "text": "ße"}),
            end("end_turn"),
            STOP,
        )
    )
    made = {"format": "anthropic-claude-v1", "id": None}
    assert events == [
        Started(upstream_id="msg_1", model="claude-x", service_tier="default"),
        Delta(reasoning="Hm.", reasoning_details=[{"type": "reasoning.text", "text": "Hm.", "index": 0, **made}]),
        Delta(reasoning_details=[{"type": "reasoning.text", "signature": "sig", "index": 0, **made}]),
        Delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "xyz", "index": 1, **made}]),
        Delta(content="Grü"),
        Delta(content="ße"),
        Finished(reason="stop", native="end_turn"),
        Used(
            usage=Usage(
                prompt_tokens=150,
                completion_tokens=7,
                cached_tokens=90,
                cache_write_tokens=30,
                cache_write_1h_tokens=20,
            )
        ),
    ]
    (call,) = provider.calls
    assert (call.path, call.header("x-api-key"), call.header("authorization")) == (
        "/v1/messages",
        "sk-canary-5a1e",
        None,
    )
    assert call.header("anthropic-version") == "2023-06-01"


def test_usage_counts_what_the_cache_gave_and_took(claude):
    counts = {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 50, "output_tokens": 7}
    message = {"id": "m", "content": [text("Hi")], "stop_reason": "end_turn", "usage": counts}
    used = claude(*whole(message), stream=False)[-1].usage
    assert (used.prompt_tokens, used.cached_tokens, used.cache_write_tokens, used.total_tokens) == (150, 90, 50, 157)


def test_calls_of_tools_come_in_fragments_and_are_numbered_by_themselves(claude):
    events = claude(
        *streamed(
            START,
            block("content_block_start", 0, content_block={"type": "text", "text": ""}),
            block("content_block_start", 1, content_block={"type": "tool_use", "id": "t1", "name": "f", "input": {}}),
            block("content_block_delta", 1, delta={"type": "input_json_delta", "partial_json": ""}),
            block("content_block_delta", 1, delta={"type": "input_json_delta", "partial_json": '{"a"'}),
            block("content_block_delta", 1, delta={"type": "input_json_delta", "partial_json": ":1}"}),
            block("content_block_stop", 1),
            block("content_block_start", 2, content_block={"type": "tool_use", "id": "t2", "name": "g", "input": {}}),
            block("content_block_stop", 2),
            end("tool_use"),
            STOP,
        )
    )
    assert [event.tool_calls[0] for event in events if isinstance(event, Delta)] == [
        {"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"a"'}},
        {"index": 0, "function": {"arguments": ":1}"}},
        {"index": 1, "id": "t2", "type": "function", "function": {"name": "g", "arguments": ""}},
        {"index": 1, "function": {"arguments": "{}"}},
    ]
    assert Finished(reason="tool_calls", native="tool_use") in events


def test_a_whole_answer_says_the_same(claude):
    content = [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
    ]
    events = claude(*whole({"id": "m", "content": content, "stop_reason": "tool_use", "usage": {}}), stream=False)
    calls = [event.tool_calls[0]["function"] for event in events if isinstance(event, Delta) and event.tool_calls]
    assert calls == [{"name": "f", "arguments": '{"a":1}'}, {"name": "g", "arguments": ""}, {"arguments": "{}"}]
    assert [event.reasoning for event in events if isinstance(event, Delta) and event.reasoning] == ["Hm."]
    assert events[-1].usage.estimated


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
    ],
)
def test_stop_reasons(claude, native, reason):
    delta = block("content_block_delta", delta={"type": "text_delta", "text": "a"})
    assert Finished(reason=reason, native=native) in claude(*streamed(START, delta, end(native), STOP))


def test_a_refusal_before_any_text_lets_other_providers_answer(claude):
    fault = fault_of(claude(*streamed(START, end("refusal", 0), STOP)))
    assert (fault.type, fault.other_provider_only) == (FaultType.REFUSAL, True)


OVERLOADED = event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")


def test_overload_before_any_text_is_a_fault_and_after_it_the_end(claude):
    before = claude(*streamed(START, OVERLOADED))
    assert (fault_of(before).type, [type(event) for event in before]) == (
        FaultType.PROVIDER_OVERLOADED,
        [Started, Failed],
    )
    delta = block("content_block_delta", delta={"type": "text_delta", "text": "a"})
    after = claude(*streamed(START, delta, OVERLOADED))
    assert (fault_of(after).type, text_of(after)) == (FaultType.PROVIDER_OVERLOADED, "a")


def test_a_stream_that_breaks_off_is_a_fault_unless_it_had_its_stop_reason(claude):
    delta = block("content_block_delta", delta={"type": "text_delta", "text": "a"})
    cut = claude(Send(STREAM_HEAD), Send(chunked(START + delta)), Reset())
    assert fault_of(cut).type is FaultType.PROVIDER_UNAVAILABLE
    whole_enough = claude(Send(STREAM_HEAD), Send(chunked(START + delta + end("end_turn"))), Reset())
    assert whole_enough[-1].usage.completion_tokens == 7


@pytest.mark.parametrize("base", ["", "/v1"])
def test_base_urls_are_taken_with_and_without_the_version(provider, base):
    provider.then(*whole({"content": [text("Hi")], "stop_reason": "end_turn"}))
    sent(attempt({"messages": []}), to=target(f"http://127.0.0.1:{provider.port}{base}", dialect="anthropic"))
    assert provider.calls[0].path == "/v1/messages"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"content": "x"}', b"<html>"])
def test_what_is_no_answer_is_a_fault(claude, body):
    assert fault_of(claude(*whole(body), stream=False)).type is FaultType.PROVIDER_UNAVAILABLE
