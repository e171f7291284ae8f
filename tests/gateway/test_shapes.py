"""What answers look like, whole and streamed, and what reaches the providers (spec gateway 8.1, cases 1 to 13)."""

from __future__ import annotations

from tests.gateway.world import World
from tests.upstream.answers import completion, hello, whole


def test_a_whole_answer_has_every_documented_member(world: World):
    world.alpha.then(*whole(completion()))
    reply = world.chat()
    body = reply.json()
    assert reply.status == 200
    assert body["id"].startswith("gen-")
    assert body["id"] == reply.headers["x-generation-id"] == world.record().id
    assert body["object"] == "chat.completion"
    assert (body["model"], body["provider"]) == ("acme/m", "Alpha")
    assert body["system_fingerprint"] is None
    assert body["choices"][0]["message"]["content"] == "Hello"
    assert body["usage"]["cost"] == 0.00001
    assert float(reply.headers["x-trunkline-overhead-ms"]) >= 0
    assert world.attempts() == [("alpha", 200)]


def test_a_stream_ends_in_reason_usage_and_done(world: World):
    world.alpha.then(*hello())
    reply = world.stream()
    assert reply.text == "Hello"
    assert reply.is_done
    assert [choice["finish_reason"] for choice in reply.choices] == [None, None, "stop"]
    assert reply.chunks[-1]["choices"] == []
    assert reply.usage["total_tokens"] == 10
