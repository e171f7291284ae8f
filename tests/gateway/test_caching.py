"""Answers that are kept and given again (spec gateway 6.1, cases 85 to 87)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.gateway.world import HELLO, PLAIN, Streamed, World, eventually
from tests.live.wire import Reply
from tests.upstream.answers import DONE, completion, delta, hello, streamed, usage, whole
from tests.upstream.scripted import Reset
from trunkline.server.adapters.memory.answers import LiveAnswers

KEEP = {"x_openrouter_cache": "true"}
NAMES = ("status", "age", "ttl", "source-id")


def cached(reply: Reply | Streamed) -> dict[str, str]:
    """Return the cache headers of an answer."""
    names = {name: f"x-openrouter-cache-{name}" for name in NAMES}
    return {name: reply.headers[header] for name, header in names.items() if header in reply.headers}


def status(reply: Reply | Streamed) -> str | None:
    return cached(reply).get("status")


def test_the_same_body_twice_is_made_once_and_costs_once(world: World):
    world.alpha.then(*whole(completion(tool_calls=[{"id": "c", "function": {"name": "f", "arguments": "{}"}}])))
    first = world.chat(headers=KEEP)
    assert cached(first) == {"status": "MISS", "ttl": "300"}
    eventually(lambda: world.gateway.answers.held)
    world.clock.skip(100)
    again = world.chat(headers=KEEP)
    assert status(again) == "HIT"
    assert 100 <= int(cached(again)["age"]) <= 101
    assert int(cached(again)["ttl"]) == 300 - int(cached(again)["age"])
    assert cached(again)["source-id"] == first.json()["id"]
    one, two = first.json(), again.json()
    assert two["id"] == again.headers["x-generation-id"] != one["id"]
    assert two["created"] >= one["created"] + 100
    assert (two["model"], two["provider"]) == (one["model"], one["provider"]) == ("acme/m", "Alpha")
    assert two["choices"] == one["choices"]
    used = two["usage"]
    assert (used["prompt_tokens"], used["completion_tokens"], used["total_tokens"], used["cost"]) == (0, 0, 0, 0)
    assert used["prompt_tokens_details"] == {"cached_tokens": 0}
    assert len(world.called()) == 1
    made, given = world.ledger.records
    assert (given.cache_source_id, given.charged, given.usage.total_tokens) == (made.id, 0, 0)
    assert (given.model, given.provider_name, given.finish_reason) == ("acme/m", "Alpha", made.finish_reason)
    assert (given.endpoint, given.attempts) == ("", ())


def test_a_stream_is_given_again_chunk_by_chunk(world: World):
    world.alpha.then(*hello())
    first = world.stream(headers=KEEP)
    again = world.stream(headers=KEEP)
    assert (status(first), status(again)) == ("MISS", "HIT")
    assert again.choices == first.choices
    assert len(again.chunks) == len(first.chunks)
    assert again.is_done
    assert again.usage["total_tokens"] == again.usage["cost"] == 0
    (id_,) = {chunk["id"] for chunk in again.chunks}
    assert id_ == again.headers["x-generation-id"] != first.chunks[0]["id"]
    assert again.chunks[-1]["usage"]["cost_details"]["upstream_inference_prompt_cost"] == 0
    assert len(world.called()) == 1


def embed(world: World, **headers: str) -> Reply:
    return world.post("/embeddings", {"model": "acme/embed", "input": ["a", "b"]}, **headers)


def test_embeddings_are_kept_too(world: World):
    data = [{"index": 1, "embedding": [0.5, 1e-9]}, {"index": 0, "embedding": [0.25]}]
    world.alpha.then(*whole({"object": "list", "data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}}))
    first, again = embed(world, **KEEP), embed(world, **KEEP)
    assert (status(first), status(again)) == ("MISS", "HIT")
    assert again.json()["data"] == first.json()["data"]
    assert again.json()["usage"] == {"prompt_tokens": 0, "total_tokens": 0, "cost": 0, "is_byok": False}
    assert again.json()["id"] != first.json()["id"]


def test_the_legacy_completions_are_not_kept(world: World):
    world.always(*whole(completion()))
    body = {"model": "acme/m", "prompt": "Hi"}
    assert [status(world.post("/completions", body, **KEEP)) for _ in range(2)] == [None, None]
    assert len(world.called()) == 2


def test_only_whitespace_outside_of_texts_makes_no_difference(world: World):
    world.always(*whole(completion()))
    bodies = [
        b'{"model":"acme/m","messages":[{"role":"user","content":"Hi"}],"temperature":0.5}',
        b'{ "model": "acme/m",\n "messages": [ {"role": "user", "content": "Hi"} ], "temperature": 0.5 }',
        b'{"messages":[{"role":"user","content":"Hi"}],"model":"acme/m","temperature":0.5}',
        b'{"model":"acme/m","messages":[{"content":"Hi","role":"user"}],"temperature":0.5}',
        b'{"model":"acme/m","messages":[{"role":"user","content":"Hi "}],"temperature":0.5}',
        b'{"model":"acme/m","messages":[{"role":"user","content":"Hi"}],"temperature":0.50}',
        b'{"model":"acme/m","messages":[{"role":"user","content":"Hi"}],"temperature":0.5,"stream":false}',
        b'{"model":"acme/m","messages":[{"role":"user","content":"Hi"}],"temperature":0.5,"stream":true}',
    ]
    world.alpha.then(*whole(completion())).then(*whole(completion())).then(*whole(completion())).then(
        *whole(completion())
    )
    world.alpha.then(*whole(completion())).then(*whole(completion())).then(*hello())
    seen = [status(world.post("/chat/completions", body, **KEEP)) for body in bodies]
    assert seen == ["MISS", "HIT", "MISS", "MISS", "MISS", "MISS", "MISS", "MISS"]


def test_who_calls_makes_a_difference_and_attribution_makes_none(world: World):
    world.always(*whole(completion()))
    other = world.tenant.key().text
    assert status(world.chat(headers=KEEP)) == "MISS"
    assert status(world.chat(headers={**KEEP, "http_referer": "https://app.example", "x_title": "App"})) == "HIT"
    assert status(world.chat(headers={**KEEP, "authorization": f"Bearer {other}"})) == "MISS"
    assert status(world.chat(headers={**KEEP, "x_session_id": "s"})) == "HIT"


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("60abc", 60),
        ("1.5", 1),
        ("abc", 300),
        ("", 300),
        ("-5", 300),
        ("0", 1),
        ("86401", 86_400),
        ("9" * 400, 86_400),
        (" 42", 42),
        ("007", 7),
    ],
)
def test_the_time_to_keep_is_read_as_documented(world: World, sent: str, seconds: int):
    world.always(*whole(completion()))
    assert cached(world.chat(headers={**KEEP, "x_openrouter_cache_ttl": sent}))["ttl"] == str(seconds)
    eventually(lambda: world.gateway.answers.held)
    world.clock.skip(seconds - 0.9)
    assert status(world.chat(headers=KEEP)) == "HIT"
    world.clock.skip(1)
    assert status(world.chat(headers=KEEP)) == "MISS"


@pytest.mark.parametrize("wish", ["false", "yes", "1", "", None])
def test_nothing_is_kept_unless_it_is_asked_for(world: World, wish: str | None):
    world.always(*whole(completion()))
    headers = {} if wish is None else {"x_openrouter_cache": wish}
    assert [cached(world.chat(headers=headers)) for _ in range(2)] == [{}, {}]
    assert len(world.called()) == 2
    assert world.gateway.answers.held == 0


def test_an_answer_can_be_made_anew(world: World):
    world.alpha.then(*whole(completion("one"))).then(*whole(completion("two")))
    clear = {"x_openrouter_cache_clear": "true"}
    first = world.chat(headers=KEEP)
    anew = world.chat(headers={**KEEP, **clear})
    last = world.chat(headers=KEEP)
    assert [status(reply) for reply in (first, anew, last)] == ["MISS", "MISS", "HIT"]
    assert [reply.json()["choices"][0]["message"]["content"] for reply in (first, anew, last)] == ["one", "two", "two"]


def test_clear_alone_does_nothing(world: World):
    world.always(*whole(completion()))
    world.chat(headers=KEEP)
    assert cached(world.chat(headers={"x_openrouter_cache_clear": "true"})) == {}
    assert status(world.chat(headers=KEEP)) == "HIT"


def test_a_hit_has_no_routing_to_tell(world: World):
    world.alpha.then(*whole(completion())).then(*hello())
    told = {**KEEP, "x_openrouter_metadata": "enabled"}
    assert "openrouter_metadata" in world.chat(headers=told).json()
    again = world.chat(headers=told)
    assert status(again) == "HIT"
    assert "openrouter_metadata" not in again.json()
    assert any("openrouter_metadata" in chunk for chunk in world.stream(headers=told).chunks)
    assert not any("openrouter_metadata" in chunk for chunk in world.stream(headers=told).chunks)


def test_errors_and_what_ends_in_one_are_not_kept(world: World):
    world.always(*whole({"error": {"message": "no"}}, 500))
    assert cached(world.chat(headers=KEEP)) == {}
    world.always(*streamed(delta(content="Hel"), end=b""), Reset())
    assert world.stream(headers=KEEP).choices[-1]["finish_reason"] == "error"
    world.forget()
    world.always(*streamed(delta(content="Hel"), delta("error"), usage(), DONE))
    world.stream(headers=KEEP)
    assert world.gateway.answers.held == 0


def test_what_its_caller_has_not_heard_to_the_end_is_not_kept(world: World):
    world.alpha.then(*streamed(*(delta(content="word ") for _ in range(3)), end=b""), Reset())
    sent = {"stream": True}
    with world.listening(**sent) as reply:
        reply.begin()
    eventually(lambda: len(world.ledger.records) == 1)
    assert world.gateway.answers.held == 0


def test_an_account_that_enforces_zero_retention_keeps_nothing(world: World):
    world.always(*whole(completion()))
    with restricted(world, enforce_zdr_anthropic=True):
        assert [cached(world.chat(headers=KEEP)) for _ in range(2)] == [{}, {}]
    assert status(world.chat(headers=KEEP, provider={"zdr": True})) == "MISS"


@contextmanager
def restricted(world: World, **settings: Any) -> Iterator[None]:
    world.tenant.restrict(**settings)
    try:
        yield
    finally:
        world.tenant.restrict(**dict.fromkeys(settings))


def test_a_hit_still_passes_the_key_the_guardrails_and_the_models_it_may_call(world: World):
    world.always(*whole(completion()))
    key = world.tenant.key()
    guardrail = world.tenant.guardrail()
    world.tenant.assign(guardrail, key)
    headers = {**KEEP, "authorization": f"Bearer {key.text}"}
    asked = {"messages": [{"role": "user", "content": "mail a@example.com"}]}
    assert [status(world.chat(headers=headers, **asked)) for _ in range(2)] == ["MISS", "HIT"]
    path = f"/guardrails/{guardrail}"
    world.tenant.changed("PATCH", path, {"allowed_models": ["acme/n"]})
    world.chat(headers=headers, **asked).error(403)
    block = {"allowed_models": None, "content_filter_builtins": [{"slug": "email", "action": "block"}]}
    world.tenant.changed("PATCH", path, block)
    world.chat(headers=headers, **asked).error(403)
    redact = {"content_filter_builtins": [{"slug": "email", "action": "redact"}]}
    world.tenant.changed("PATCH", path, redact)
    assert [status(world.chat(headers=headers, **asked)) for _ in range(2)] == ["MISS", "HIT"]
    world.tenant.changed("PATCH", f"/keys/{key.hash}", {"disabled": True})
    world.chat(headers=headers, **asked).error(401)
    assert [b"a@example.com" in call.body for call in world.called()] == [True, False]


def test_what_debugs_is_not_kept(world: World):
    world.always(*hello())
    for _ in range(2):
        assert cached(world.stream(headers=KEEP, debug={"echo_upstream_body": True})) == {}


def test_a_server_without_room_for_answers_says_nothing_of_keeping_them(world: World):
    world.always(*whole(completion()))
    world.gateway.answers = None
    assert [cached(world.chat(headers=KEEP)) for _ in range(2)] == [{}, {}]


def test_the_answers_asked_for_least_recently_go_first(world: World):
    world.always(*whole(completion("x" * 400)))
    world.gateway.answers = LiveAnswers(3_000, world.clock)

    def ask(text: str) -> str | None:
        return status(
            world.post("/chat/completions", {**PLAIN, "messages": [*HELLO, {"role": "user", "content": text}]}, **KEEP)
        )

    assert [ask(text) for text in ("a", "b", "a", "c", "d")] == ["MISS", "MISS", "HIT", "MISS", "MISS"]
    assert world.gateway.answers.held <= 3_000
    assert ask("b") == "MISS"
    world.always(*whole(completion("x" * 4_000)))
    assert [ask("long"), ask("long")] == ["MISS", "MISS"]


def test_the_body_of_a_hit_is_json_that_says_no_more_than_the_first(world: World):
    world.alpha.then(*whole(completion()))
    keys = [set(json.loads(world.chat(headers=KEEP).body)) for _ in range(2)]
    assert keys[0] == keys[1]
