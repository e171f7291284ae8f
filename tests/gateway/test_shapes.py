"""What answers look like, whole and streamed, and what reaches the providers (spec gateway 8.1, cases 1 to 13)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.world import HELLO, World
from tests.upstream.answers import DONE, completion, delta, event, hello, streamed, usage, whole


def sent(world: World) -> dict[str, Any]:
    """Return the one body that reached a provider."""
    (call,) = world.called()
    body: dict[str, Any] = json.loads(call.body)
    return body


def test_a_whole_answer_has_every_documented_member(world: World):
    world.alpha.then(*whole(completion()))
    reply = world.chat()
    body = reply.json()
    assert reply.status == 200
    assert body["id"].startswith("gen-")
    assert body["id"] == reply.headers["x-generation-id"] == world.record().id
    assert body["object"] == "chat.completion"
    assert type(body["created"]) is int
    assert (body["model"], body["provider"]) == ("acme/m", "Alpha")
    assert body["system_fingerprint"] is None
    (choice,) = body["choices"]
    assert choice["index"] == 0
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "stop")
    assert choice["message"] == {"role": "assistant", "content": "Hello", "refusal": None, "reasoning": None}
    assert body["usage"]["cost"] == 0.00001
    assert body["usage"]["cost_details"].keys() == {
        "upstream_inference_cost",
        "upstream_inference_prompt_cost",
        "upstream_inference_completions_cost",
    }
    assert "openrouter_metadata" not in body
    assert float(reply.headers["x-trunkline-overhead-ms"]) >= 0
    assert world.attempts() == [("alpha", 200)]
    assert world.record().charged == Decimal("0.00001")


def test_a_stream_ends_in_reason_usage_and_done(world: World):
    world.alpha.then(*hello())
    reply = world.stream()
    assert reply.headers["x-generation-id"] == world.record().id
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.text == "Hello"
    assert [choice["finish_reason"] for choice in reply.choices] == [None, None, "stop"]
    assert [choice["delta"].get("role") for choice in reply.choices] == ["assistant", None, None]
    assert reply.chunks[-1]["choices"] == []
    assert reply.usage["total_tokens"] == 10
    assert reply.usage["cost"] == 0.00001
    assert reply.is_done
    heads = {tuple(chunk[name] for name in ("id", "object", "created", "model", "provider")) for chunk in reply.chunks}
    assert len(heads) == 1
    assert world.attempts() == [("alpha", 200)]


def test_what_an_upstream_leaves_out_of_its_chunks_is_filled_in(world: World):
    bare = event({"choices": [{"delta": {"content": "Hi"}}]})
    world.alpha.then(*streamed(bare, event({"choices": [{"delta": {}, "finish_reason": "stop"}]}), usage(), DONE))
    reply = world.stream()
    assert [(choice["index"], choice["finish_reason"]) for choice in reply.choices] == [(0, None), (0, "stop")]
    assert reply.text == "Hi"


def test_usage_comes_even_where_it_was_not_wanted(world: World):
    world.alpha.then(*hello())
    reply = world.stream(stream_options={"include_usage": False}, usage={"include": False})
    assert reply.usage["prompt_tokens"] == 7
    assert sent(world)["stream_options"] == {"include_usage": True}


def test_a_foreign_finish_reason_is_translated_and_kept(world: World):
    world.alpha.then(*whole(completion(finish="end_turn")))
    (choice,) = world.chat().json()["choices"]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "end_turn")
    assert world.record().native_finish_reason == "end_turn"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"model": "acme/m"}, "invalid_prompt"),
        (b'{"model": "acme/m", "messages": [', "invalid_request"),
        ({"model": "acme/m", "messages": HELLO, "temperature": 3}, "invalid_request"),
        ({"model": "acme/m", "messages": HELLO, "reasoning": {"effort": "low"}, "reasoning_effort": "high"}, None),
        ({"model": "acme/m", "messages": [{"role": "tool", "content": "x"}]}, "invalid_prompt"),
        ({"model": "acme/m", "messages": HELLO, "n": 2}, "invalid_request"),
        ({"model": "acme/m", "messages": HELLO, "session_id": "s" * 257}, "invalid_request"),
        ({"messages": HELLO}, "invalid_request"),
        ({"model": "acme/m", "messages": HELLO, "provider": 7}, "invalid_request"),
    ],
)
def test_what_is_not_as_documented_is_refused_before_any_provider_hears_of_it(
    world: World, body: Any, kind: str | None
):
    reply = world.post("/chat/completions", body)
    error = reply.error(400)
    assert reply.headers["x-generation-id"].startswith("gen-")
    assert error["metadata"]["error_type"] == (kind or "invalid_request")
    assert world.called() == []
    assert world.ledger.records == []


def test_without_a_valid_key_there_is_no_generation(world: World):
    for authorization in ("", "Bearer sk-or-v1-" + "0" * 64):
        reply = world.chat(headers={"authorization": authorization})
        reply.error(401)
        assert "x-generation-id" not in reply.headers
    assert world.called() == []


def test_parameters_that_the_endpoint_does_not_list_are_dropped_and_none_is_added(world: World):
    world.alpha.then(*whole(completion()))
    assert world.chat(top_k=5, seed=7).status == 200
    body = sent(world)
    assert "top_k" not in body
    assert "temperature" not in body
    assert body["seed"] == 7


TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def test_a_tool_call_in_fragments_arrives_in_fragments(world: World):
    parts = ["", '{"ci', 'ty": "', "Bern", '"}']
    fragments = [{"index": 0, "function": {"arguments": part}} for part in parts]
    fragments[0] |= {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": ""}}
    pieces = [delta(tool_calls=[fragment]) for fragment in fragments]
    world.alpha.then(*streamed(*pieces, delta("tool_calls"), usage(), DONE))
    reply = world.stream(tools=[TOOL])
    calls = [call for choice in reply.choices for call in choice["delta"].get("tool_calls") or ()]
    assert {call["index"] for call in calls} == {0}
    assert [call["id"] for call in calls if "id" in call] == ["call_1"]
    assert [call["function"]["name"] for call in calls if call["function"].get("name")] == ["look"]
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"city": "Bern"}
    assert reply.choices[-1]["finish_reason"] == "tool_calls"
    (attempt,) = world.record().attempts
    assert (attempt.tool_calls, attempt.bad_tool_call) == (True, False)


def test_names_of_speakers_become_text_where_the_dialect_has_no_place_for_them(world: World):
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }
    world.providers["epsilon"].then(*whole(answer))
    reply = world.chat(model="acme/other", messages=[{"role": "user", "name": "bob", "content": "Hi"}])
    assert reply.json()["choices"][0]["message"]["content"] == "Hello"
    assert "bob: Hi" in json.dumps(sent(world))


def test_providers_see_a_hash_for_a_user_and_the_record_the_user(world: World):
    world.alpha.always(*whole(completion()))
    world.chat(user="u1")
    first = sent(world)["user"]
    assert "u1" not in first
    assert world.record().external_user == "u1"
    world.chat(user="u2")
    world.chat(user="u1")
    hashes = [json.loads(call.body)["user"] for call in world.called()]
    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.parametrize("hidden", [{"reasoning": {"exclude": True}}, {"include_reasoning": False}])
def test_excluded_reasoning_is_not_shown_but_paid(world: World, hidden: dict[str, Any]):
    counted = {"completion_tokens_details": {"reasoning_tokens": 2}}
    answer = completion(reasoning="Hm", reasoning_details=[{"type": "reasoning.text", "text": "Hm", "index": 0}])
    world.alpha.then(*whole({**answer, "usage": {**answer["usage"], **counted}}))
    body = world.chat(**hidden).json()
    assert body["choices"][0]["message"].get("reasoning") is None
    assert "reasoning_details" not in body["choices"][0]["message"]
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 2
    assert body["usage"]["cost"] == 0.00001
    world.alpha.then(*streamed(delta(reasoning="Hm"), delta(content="Yes"), delta("stop"), usage(**counted), DONE))
    reply = world.stream(**hidden)
    assert all("reasoning" not in choice["delta"] for choice in reply.choices)
    assert reply.text == "Yes"


def test_reasoning_is_shown_unless_it_is_excluded(world: World):
    world.alpha.then(*streamed(delta(reasoning="Hm"), delta(content="Yes"), delta("stop"), usage(), DONE))
    reply = world.stream()
    assert reply.choices[0]["delta"]["reasoning"] == "Hm"
    world.alpha.then(*whole(completion(reasoning_content="Hm")))
    assert world.chat().json()["choices"][0]["message"]["reasoning"] == "Hm"


def embedded(*vectors: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in vectors]
    return {"object": "list", "data": data, "model": "m-up", "usage": {"prompt_tokens": 5, "total_tokens": 5}}


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings_keep_the_order_of_their_inputs(world: World, form: str):
    first, second = ([0.1, 0.25], [1e-7, 2.0]) if form == "float" else ("AACAPw==", "AAAAQA==")
    world.alpha.then(*whole(embedded((1, second), (0, first))))
    reply = world.post("/embeddings", {"model": "acme/embed", "input": ["a", "b"], "encoding_format": form})
    body = reply.json()
    assert [row["embedding"] for row in body["data"]] == [first, second]
    assert [row["index"] for row in body["data"]] == [0, 1]
    assert body["model"] == "acme/embed"
    assert body["id"] == reply.headers["x-generation-id"]
    assert (body["usage"]["prompt_tokens"], body["usage"]["cost"]) == (5, 0.000005)
    assert "x-trunkline-overhead-ms" in reply.headers
    assert sent(world)["encoding_format"] == form
    assert world.attempts() == [("alpha", 200)]
    assert world.record().api_type == "embeddings"


def test_embeddings_fail_over_and_tell_how_they_were_routed(world: World):
    world.alpha.always(*whole({"error": {"message": "boom"}}, 500))
    world.beta.then(*whole(embedded((0, [1.0]))))
    asked = {"model": "acme/embed", "input": "a"}
    reply = world.post("/embeddings", asked, x_openrouter_metadata="enabled")
    routed = reply.json()["openrouter_metadata"]
    assert [attempt["status"] for attempt in routed["attempts"]] == [500, 200]
    assert world.attempts() == [("alpha", 500), ("beta", 200)]
    world.forget()
    world.always(*whole({"error": {"message": "boom"}}, 500))
    reply = world.post("/embeddings", asked, x_openrouter_metadata="enabled")
    assert reply.error(503)["availability"]["code"] == "temporarily_unavailable"
    assert len(reply.json()["openrouter_metadata"]["attempts"]) == 2


def test_a_text_is_completed_in_the_shape_of_texts(world: World):
    world.alpha.then(
        *whole(completion()),
    )
    reply = world.post("/completions", {"model": "acme/m", "prompt": "Say hello"})
    body = reply.json()
    assert body["object"] == "text_completion"
    assert body["choices"][0]["text"] == "Hello"
    assert "message" not in body["choices"][0]
    assert sent(world)["messages"] == [{"role": "user", "content": "Say hello"}]
    world.alpha.then(*hello())
    streamed_text = world.stream(path="/completions", prompt="Say hello")
    assert "".join(choice["text"] for choice in streamed_text.choices) == "Hello"
    assert streamed_text.is_done


def test_what_is_forwarded_keeps_its_order_its_numbers_and_what_nobody_knows(world: World):
    world.alpha.then(*whole(completion()))
    body = (
        b'{"zebra": {"b": 1, "a": [1.0, 1e2, 0.10]}, "model": "acme/m", "seed": 12345678901234567890, "messages":'
        b' [{"content": "Gr\xc3\xbc\xc3\x9fe \\u2603", "role": "user", "x": 1.50}], "temperature": 0.70}'
    )
    assert world.post("/chat/completions", body).status == 200
    (call,) = world.called()
    said = call.body
    positions = [said.index(name) for name in (b'"zebra"', b'"model"', b'"seed"', b'"messages"', b'"temperature"')]
    assert positions == sorted(positions)
    for text in (
        b'{"b": 1, "a": [1.0, 1e2, 0.10]}',
        b"12345678901234567890",
        b'[{"content": "Gr\xc3\xbc\xc3\x9fe \\u2603", "role": "user", "x": 1.50}]',
        b"0.70",
    ):
        assert text in said
    assert b"acme/m" not in said


def test_what_is_for_the_router_stays_here(world: World):
    world.alpha.then(*whole(completion()))
    own = {
        "provider": {"order": ["alpha"]},
        "models": ["acme/n"],
        "session_id": "s",
        "trace": {"trace_id": "t"},
        "metadata": {"a": "b"},
        "usage": {"include": True},
        "transforms": [],
        "route": "fallback",
    }
    assert world.chat(**own).status == 200
    assert sent(world).keys().isdisjoint(own)
    (call,) = world.called()
    assert call.header("authorization") == "Bearer sk-canary-alpha"
