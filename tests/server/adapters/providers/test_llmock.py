"""The same answers and faults as somebody else's server makes them, in every dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.adapters.providers.conftest import attempt, endpoint, fault_of, sent, target, text_of
from tests.upstream.llmock import Llmock, running
from trunkline.server.adapters.providers.targets import DIALECTS, Limits
from trunkline.server.domain.generation.delta import Delta, Event, Finished, Started, Used
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.request import Surface

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-5", "gemini": "gemini-2.5-pro"}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def llmock() -> Iterator[Llmock]:
    with running() as server:
        yield server


@pytest.fixture(params=sorted(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def ask(llmock: Llmock, dialect: str):
    """Return a function that queues behaviours and sends one chat."""

    def one(*behaviours: dict[str, Any], stream: bool = True, **body: Any) -> list[Event]:
        llmock.play(*behaviours)
        chat = {"model": "acme/m", "messages": [{"role": "user", "content": "Hello"}], "stream": stream, **body}
        made = attempt(chat, endpoint("acme/m", notes={"upstream_model": MODELS[dialect]}))
        limits = Limits(connect=5, first_byte=5, first_byte_slow=5, idle=1)
        return sent(made, to=target(llmock.base_url(dialect), dialect=dialect, limits=limits))[0]

    return one


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_is_read_whole(ask, stream, dialect):
    events = ask(stream=stream)
    assert isinstance(events[0], Started)
    assert events[0].upstream_id or dialect == "gemini"  # there llmock gives no id
    assert text_of(events)
    assert any(isinstance(event, Finished) and event.reason == "stop" for event in events)
    used = events[-1]
    assert isinstance(used, Used)
    assert not used.usage.estimated
    assert used.usage.prompt_tokens > 0
    assert used.usage.completion_tokens > 0


def test_the_same_text_comes_streamed_and_whole(ask):
    assert text_of(ask(stream=True)) == text_of(ask(stream=False))


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_of_a_tool_is_read_with_all_its_arguments(ask, stream):
    reply = {"type": "reply", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}
    events = ask(reply, stream=stream, tools=[TOOL])
    calls = [call for event in events if isinstance(event, Delta) for call in event.tool_calls or ()]
    assert {call["index"] for call in calls} == {0}
    assert [call["function"]["name"] for call in calls if call["function"].get("name")] == ["get_weather"]
    assert json.loads("".join(call["function"].get("arguments") or "" for call in calls)) == {"city": "Paris"}
    assert any(isinstance(event, Finished) and event.reason == "tool_calls" for event in events)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FaultType.INVALID_REQUEST),
        (401, FaultType.PROVIDER_UNAVAILABLE),
        (403, FaultType.PERMISSION_DENIED),
        (404, FaultType.NOT_FOUND),
        (413, FaultType.PAYLOAD_TOO_LARGE),
        (429, FaultType.RATE_LIMIT_EXCEEDED),
        (500, FaultType.PROVIDER_UNAVAILABLE),
        (502, FaultType.PROVIDER_UNAVAILABLE),
        (503, FaultType.PROVIDER_OVERLOADED),
        (529, FaultType.PROVIDER_OVERLOADED),
    ],
)
def test_refusals_are_told_apart(ask, status, kind):
    fault = fault_of(ask({"type": "fail", "status": status}))
    assert (fault.type, fault.status) == (kind, status)


def test_a_hint_of_when_to_come_back_is_taken(ask):
    assert fault_of(ask({"type": "fail", "status": 429, "retry_after": 1.5})).retry_after == 2


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "malformed"])
def test_streams_that_break_are_faults_after_the_text_that_came(ask, kind):
    events = ask(
        {"type": "reply", "text": "one two three four five six seven eight nine ten"},
        {"type": "stream_fault", "kind": kind, "after_chunks": 4},
    )
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    assert not [event for event in events if isinstance(event, Finished | Used)]


def test_a_stream_that_stalls_is_a_timeout(ask):
    events = ask(
        {"type": "reply", "text": "one two three four five six"},
        {"type": "stream_fault", "kind": "stall", "after_chunks": 4, "stall_seconds": 30},
    )
    assert fault_of(events).type is FaultType.TIMEOUT


def test_structured_output_is_asked_for_in_each_dialect_s_words(ask):
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}}
    events = ask(stream=False, response_format=schema)
    assert any(isinstance(event, Finished) for event in events)


def test_embeddings_are_read(llmock):
    llmock.play()
    made = attempt(
        {"model": "acme/m", "input": ["the first text", "the second text"]},
        endpoint(notes={"upstream_model": "text-embedding-3-small"}),
        surface=Surface.EMBEDDINGS,
    )
    *vectors, used = sent(made, to=target(llmock.base_url("openai")))[0][1:]
    assert [vector.index for vector in vectors] == [0, 1]
    assert all(len(json.loads(bytes(vector.embedding))) > 10 for vector in vectors)
    assert used.usage.prompt_tokens > 0
