"""Every dialect gives callers the same answers and providers the same requests: each case once, for all of them."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from collections.abc import Sequence
from typing import Any

import pytest

from tests.dialects.conftest import Conversation
from tests.dialects.said import Counts, Said, Text, Thought, ToolCall
from tests.upstream.answers import STREAM_HEAD, chunked, streamed, whole
from tests.upstream.scripted import Hang, Reset, Send

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
NEW = {"something_new": {"a": [1, None, "ü"]}, "x": None}


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": f"Do {name}", "parameters": SCHEMA}}


def user(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(parts)}]


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def parted(talk: Conversation) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """Return a streamed "Hello", what comes before and what from its "lo" on."""
    events = talk.voice.stream(Said(pieces=(Text("Hel"), Text("lo"))))
    middle = next(index for index, said in enumerate(events) if b'"lo"' in said)
    return events[:middle], events[middle:]


def test_text_is_answered_with_its_usage_and_its_price(talk: Conversation, stream: bool):
    answer = talk.ask(Said(pieces=(Text("Grü"), Text("ße\n\n"), Text("🎈"))), stream=stream)
    assert (answer.model, answer.content, answer.finish) == (talk.model, "Grüße\n\n🎈", "stop")
    assert answer.native
    assert answer.done
    usage = answer.usage
    assert usage is not None
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (12, 7, 19)
    assert usage["cost"] == pytest.approx(0.000026)
    assert (talk.asked.model, talk.asked.key, talk.asked.stream) == (talk.voice.model, f"sk-{talk.voice.name}", stream)
    assert talk.asked.turns == [("user", [("text", "Hi")])]


def test_instructions_and_turns_arrive_in_their_order(talk: Conversation, stream: bool):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [text("Be kind.")]},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": [text("Two?"), text("And three?")]},
    ]
    talk.ask(Said(), messages, stream=stream)
    assert talk.asked.system == ["Be brief.", "Be kind."]
    assert talk.asked.turns == [
        ("user", [("text", "One?")]),
        ("model", [("text", "1")]),
        ("user", [("text", "Two?"), ("text", "And three?")]),
    ]


def test_a_tool_is_offered_and_called(talk: Conversation, stream: bool):
    arguments = {"city": "Zürich", "n": 1, "deep": {"list": [True, None]}}
    said = Said(pieces=(Text("Let me see."), ToolCall("weather", arguments)), finish="tool_calls")
    answer = talk.ask(said, stream=stream, tools=[tool("weather")])
    assert talk.asked.tools == {"weather": SCHEMA}
    assert (answer.content, answer.finish) == ("Let me see.", "tool_calls")
    (call,) = answer.calls
    assert call["id"]
    assert (call["type"], call["function"]["name"]) == ("function", "weather")
    assert json.loads(call["function"]["arguments"]) == arguments


def test_calls_side_by_side_are_answered_each_with_its_own_result(talk: Conversation, stream: bool):
    pieces = (Thought("Both."), ToolCall("weather", {"city": "Rome"}), ToolCall("weather", {}), ToolCall("time", {}))
    tools = [tool("weather"), tool("time")]
    first = talk.ask(Said(pieces=pieces, finish="tool_calls"), "Rome?", stream=stream, tools=tools)
    ids = [call["id"] for call in first.calls]
    assert len(set(ids)) == 3
    assert [json.loads(call["function"]["arguments"]) for call in first.calls] == [{"city": "Rome"}, {}, {}]
    results = [{"role": "tool", "tool_call_id": ids[index], "content": f"result {index}"} for index in (0, 1, 2)]
    messages = [{"role": "user", "content": "Rome?"}, first.message, *results]
    second = talk.ask(Said(), messages, stream=stream, tools=tools)
    assert second.content == "Hello"
    assert talk.asked.turns == [
        ("user", [("text", "Rome?")]),
        (
            "model",
            [
                ("call", ids[0], "weather", {"city": "Rome"}),
                ("call", ids[1], "weather", {}),
                ("call", ids[2], "time", {}),
            ],
        ),
        ("user", [("result", ids[index], f"result {index}") for index in (0, 1, 2)]),
    ]
    assert talk.asked.signatures == ["c2lnbmVk"]


@pytest.mark.parametrize(
    ("choice", "reads"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ("none", "none"),
        ({"type": "function", "function": {"name": "time"}}, "time"),
    ],
)
def test_the_choice_of_a_tool_is_passed_on(talk: Conversation, choice: Any, reads: str):
    talk.ask(Said(), stream=False, tools=[tool("weather"), tool("time")], tool_choice=choice)
    assert talk.asked.choice == reads


def test_images_arrive_inside_the_request_or_by_their_address(talk: Conversation, stream: bool):
    parts = (text("What?"), image("data:image/png;base64,iVBORw0KGgo="), image("https://x.example/a.jpeg"))
    assert talk.ask(Said(), user(*parts), stream=stream).content == "Hello"
    assert talk.asked.turns == [
        (
            "user",
            [
                ("text", "What?"),
                ("image", "image/png", "iVBORw0KGgo="),
                ("image", None, "https://x.example/a.jpeg"),
            ],
        )
    ]


def test_thoughts_are_told_apart_counted_and_given_back(talk: Conversation, stream: bool):
    said = Said(pieces=(Thought("Hm. "), Text("So.")), counts=Counts(completion=30, thoughts=20))
    answer = talk.ask(said, stream=stream, reasoning={"effort": "high"})
    assert talk.asked.reasons
    assert (answer.content, answer.reasoning) == ("So.", "Hm. ")
    assert answer.usage is not None
    assert answer.usage["completion_tokens"] == 30
    assert answer.usage["completion_tokens_details"]["reasoning_tokens"] == 20
    assert "Hm. " in [detail.get("text") for detail in answer.details]
    talk.ask(Said(), [*user(text("Hi")), answer.message, *user(text("And?"))], stream=stream)
    assert talk.asked.signatures == ["c2lnbmVk"]


def test_thoughts_that_are_not_wanted_stay_away_but_are_paid_for(talk: Conversation, stream: bool):
    said = Said(pieces=(Thought("Hm."), Text("So.")), counts=Counts(completion=30, thoughts=20))
    answer = talk.ask(said, stream=stream, reasoning={"effort": "low", "exclude": True})
    assert (answer.content, answer.reasoning, answer.details) == ("So.", None, [])
    assert answer.usage is not None
    assert answer.usage["completion_tokens_details"]["reasoning_tokens"] == 20


def test_an_answer_is_asked_for_in_a_schema(talk: Conversation, stream: bool):
    form = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": SCHEMA}}
    answer = talk.ask(Said(pieces=(Text('{"city": '), Text('"Bern"}'))), stream=stream, response_format=form)
    assert talk.asked.schema == SCHEMA
    assert answer.content is not None
    assert json.loads(answer.content) == {"city": "Bern"}


def test_what_came_from_a_cache_is_part_of_the_prompt_and_cheaper(talk: Conversation, stream: bool):
    answer = talk.ask(Said(counts=Counts(prompt=1000, cached=900, completion=10)), stream=stream)
    assert answer.usage is not None
    assert (answer.usage["prompt_tokens"], answer.usage["total_tokens"]) == (1000, 1010)
    assert answer.usage["prompt_tokens_details"]["cached_tokens"] == 900
    assert answer.usage["cost"] == pytest.approx(0.00021)


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_why_an_answer_stopped_is_told_in_one_word_for_all(talk: Conversation, stream: bool, reason: str):
    answer = talk.ask(Said(finish=reason), stream=stream)
    assert (answer.content, answer.finish) == ("Hello", reason)
    assert answer.native


def test_limits_and_sampling_are_passed_on(talk: Conversation):
    talk.ask(Said(), stream=False, max_tokens=50, temperature=0.5, stop=["END", "."])
    assert (talk.asked.limit, talk.asked.temperature, talk.asked.stops) == (50, 0.5, ["END", "."])


def test_what_nobody_knows_harms_neither_request_nor_answer(talk: Conversation, stream: bool):
    pieces = (Thought("Hm."), Text("So."), ToolCall("weather", {"city": "Rome"}))
    said = Said(pieces=pieces, finish="tool_calls", more=NEW)
    answer = talk.ask(said, stream=stream, tools=[tool("weather")], something_new={"a": 1})
    assert (answer.content, answer.reasoning, answer.finish) == ("So.", "Hm.", "tool_calls")
    assert [call["function"]["name"] for call in answer.calls] == ["weather"]
    body = json.loads(talk.provider.calls[-1].body)
    assert ("something_new" in body) is (talk.voice.name == "openai")  # translators pass on what they know


def test_what_a_dialect_has_no_words_for_is_the_caller_s_mistake(talk: Conversation):
    talk.provider.then(*whole(talk.voice.whole(Said())))
    reply = talk.caller.chat(talk.model, [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": 5}])
    if talk.voice.name == "openai":  # what is passed on as it is, is the provider's to judge
        assert json.loads(talk.provider.calls[0].body)["messages"][1]["tool_calls"] == 5
        return
    assert "ool_calls is not a list" in reply.error(400)["message"]
    assert talk.provider.calls == []


def test_a_fault_after_text_ends_the_stream_in_an_error(talk: Conversation):
    events, _ = parted(talk)
    answer = talk.play(*streamed(*events, talk.voice.overloaded()), stream=True)
    assert answer.error is not None
    assert (answer.error["code"], answer.error["metadata"]["error_type"]) == (503, "provider_overloaded")
    assert (answer.content, answer.finish, answer.done) == ("Hel", "error", False)


def test_a_stream_that_is_cut_after_text_ends_in_an_error(talk: Conversation):
    events, rest = parted(talk)
    start = b"".join(chunked(said) for said in events) + chunked(rest[0])[:30]
    answer = talk.play(Send(STREAM_HEAD + start), Reset(), stream=True)
    assert answer.content == "Hel"
    assert answer.error is not None
    assert (answer.error["metadata"]["error_type"], answer.done) == ("provider_unavailable", False)


def test_a_caller_who_leaves_takes_the_upstream_along(talk: Conversation):
    events, _ = parted(talk)
    talk.provider.then(Send(STREAM_HEAD + b"".join(chunked(said) for said in events)), Hang())
    with talk.caller.listening(model=talk.model, messages=user(text("Hi"))) as answer:
        assert b"Hel" in answer.read1()
    (call,) = talk.provider.calls
    assert call.gone.wait(10)


def test_a_fault_before_any_text_is_a_plain_refusal(talk: Conversation):
    talk.provider.then(*streamed(talk.voice.overloaded()))
    assert talk.caller.chat(talk.model, stream=True).error(503)["metadata"]["error_type"] == "provider_overloaded"


def test_an_answer_that_is_kept_back_is_a_violation(talk: Conversation):
    talk.provider.then(*whole(talk.voice.withheld()))
    reply = talk.caller.chat(talk.model)
    assert reply.error(400)["metadata"]["error_type"] in {"content_policy_violation", "refusal"}


def test_a_hint_of_when_to_come_back_reaches_the_caller(talk: Conversation):
    status, body, headers = talk.voice.refusal(7)
    talk.provider.then(*whole(body, status, *headers))
    reply = talk.caller.chat(talk.model)
    assert reply.error(429)
    assert reply.headers["retry-after"] == "7"


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_texts_are_embedded_in_their_order_and_in_the_encoding_asked_for(talk: Conversation, encoding: str):
    if talk.voice.name == "anthropic":
        assert talk.caller.post("/embeddings", {"model": f"{talk.model}-embed", "input": "a"}).status == 400
        return
    talk.provider.then(*whole(talk.voice.vectors([[1.0, -0.5], [0.25, 2.0]])))
    body = {"model": f"{talk.model}-embed", "input": ["a", "b"], "encoding_format": encoding, "dimensions": 2}
    reply = talk.caller.post("/embeddings", body).json()
    rows = [row["embedding"] for row in reply["data"]]
    if encoding == "base64":
        rows = [list(struct.unpack("<2f", b64decode(row))) for row in rows]
    assert rows == [[1.0, -0.5], [0.25, 2.0]]
    assert reply["usage"]["prompt_tokens"] == 4
    assert talk.voice.embedded(talk.provider.calls[-1]) == (["a", "b"], 2)
