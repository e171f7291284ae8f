"""What becomes of a call when providers fail (spec gateway 8.3, cases 49 to 68, 75 and 76)."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.world import METADATA, World
from tests.upstream.answers import DONE, STREAM_HEAD, chunked, completion, delta, event, hello, streamed, usage, whole
from tests.upstream.scripted import Close, Hang, Reset, Send, Step, Wait

BOOM = whole({"error": {"message": "boom"}}, 500)
OK = whole(completion())


def refused(status: int, *headers: tuple[str, str], message: str = "no") -> tuple[Step, ...]:
    return whole({"error": {"message": message}}, status, *headers)


def test_a_failure_moves_on_to_the_next_provider_and_only_that_one_is_paid(world: World):
    world.alpha.then(*BOOM)
    world.beta.then(*OK)
    body = world.chat(headers=METADATA).json()
    assert body["provider"] == "Beta"
    assert body["usage"]["cost"] == 0.00002
    routed = body["openrouter_metadata"]
    assert routed["attempt"] == 2
    assert [(one["provider"], one["status"]) for one in routed["attempts"]] == [("Alpha", 500), ("Beta", 200)]
    assert [one["selected"] for one in routed["endpoints"]["available"]] == [False, True, False]
    assert world.attempts() == [("alpha", 500), ("beta", 200)]
    assert [(one.counts, one.ok) for one in world.record().attempts] == [(True, False), (True, True)]
    assert world.record().charged == Decimal("0.00002")


def test_when_all_are_rate_limited_the_shortest_pause_is_told_and_kept(world: World):
    world.alpha.then(*refused(429, ("Retry-After", "7")))
    world.beta.then(*refused(429, ("Retry-After", "40")))
    world.gamma.then(*refused(429))
    reply = world.chat()
    error = reply.error(429)
    assert error["availability"]["code"] == "capacity_exhausted"
    assert error["availability"]["retry_after"] == 7
    assert reply.headers["retry-after"] == "7"
    assert reply.headers["x-generation-id"] == world.record().id
    assert world.attempts() == [("alpha", 429), ("beta", 429), ("gamma", 429)]
    assert all(attempt.rate_limited for attempt in world.record().attempts)
    world.ledger.records.clear()
    world.clock.skip(8)
    world.always(*OK)
    assert world.chat().json()["provider"] == "Alpha"


def test_a_provider_that_asked_for_a_pause_gets_it(world: World):
    world.alpha.then(*refused(429, ("Retry-After", "7")))
    world.beta.always(*OK)
    assert world.chat().json()["provider"] == "Beta"
    assert world.chat().json()["provider"] == "Beta"
    assert len(world.alpha.calls) == 1


def test_a_pause_holds_while_the_call_that_was_asked_for_it_goes_on_and_is_counted_once(world: World):
    answer = threading.Event()
    world.alpha.then(*refused(503, ("Retry-After", "7")))
    world.beta.then(Wait(answer), *OK).always(*OK)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.chat)
        world.beta.await_calls(1)
        assert world.chat().json()["provider"] == "Beta"
        answer.set()
        assert first.result().json()["provider"] == "Beta"
    assert len(world.alpha.calls) == 1
    (failed,) = [one for record in world.ledger.records for one in record.attempts if not one.ok]
    seen = world.gateway.learned.statistics(world.clock())[failed.endpoint]
    assert (seen.requests_30m, seen.failures_30s) == (1, 1)


@pytest.mark.parametrize(
    ("status", "answer", "code", "kind"),
    [
        (503, 503, "temporarily_unavailable", "provider_overloaded"),
        (404, 404, "model_unavailable_upstream", "not_found"),
    ],
)
def test_what_all_providers_say_is_what_the_caller_hears(world: World, status: int, answer: int, code: str, kind: str):
    world.always(*refused(status))
    reply = world.chat()
    error = reply.error(answer)
    assert (error["availability"]["code"], error["metadata"]["error_type"]) == (code, kind)
    assert ("retry-after" in reply.headers) == (answer == 503)
    assert [row for _, row in world.attempts()] == [status] * 3
    assert world.record().charged == 0


def test_a_refusal_refers_to_our_own_documentation(world: World):
    world.gateway.docs_url = "http://trunkline.example/docs"
    world.always(*refused(503))
    assert world.chat().error(503)["availability"]["docs_url"] == "http://trunkline.example/docs"
    assert world.chat(model="acme/nope").error(400)["availability"]["docs_url"] == "http://trunkline.example/docs"


def test_a_credential_of_ours_that_is_refused_is_not_the_callers_fault(world: World):
    world.alpha.then(*refused(401))
    world.beta.then(*OK)
    assert world.chat().json()["provider"] == "Beta"
    assert world.record().attempts[0].counts
    world.always(*refused(401))
    world.chat().error(502)


def test_a_silent_provider_is_given_up_and_the_caller_hears_comments_meanwhile(world: World):
    world.gateway.keep_alive_seconds = 0.1
    world.providers["delta"].then(Send(STREAM_HEAD), Hang())
    world.beta.then(*hello())
    reply = world.stream(model="acme/patient")
    assert reply.status == 200
    assert reply.text == "Hello"
    assert reply.comments == [": OPENROUTER PROCESSING"] * len(reply.comments)
    assert len(reply.comments) >= 2
    assert reply.said[: len(reply.comments)] == tuple(reply.comments)
    assert [choice["delta"]["role"] for choice in reply.choices if "role" in choice["delta"]] == ["assistant"]
    assert world.attempts() == [("delta", 504), ("beta", 200)]


def test_when_all_fail_after_a_keep_alive_the_stream_says_so(world: World):
    world.gateway.keep_alive_seconds = 0.1
    world.providers["delta"].then(Hang())
    world.beta.then(*BOOM)
    reply = world.stream(model="acme/patient", headers=METADATA)
    assert reply.status == 200
    assert not reply.is_done
    last = reply.chunks[-1]
    assert type(last["error"]["code"]) is int
    assert last["error"]["code"] == 503
    assert last["error"]["metadata"]["error_type"] == "provider_overloaded"
    assert last["error"]["metadata"]["previous_errors"][0]["provider"] == "Delta"
    assert last["error"]["availability"]["code"] == "temporarily_unavailable"
    assert last["choices"][0]["finish_reason"] == "error"
    assert last["choices"][0]["delta"]["content"] == ""
    assert last["openrouter_metadata"]["attempt"] == 2
    assert world.attempts() == [("delta", 504), ("beta", 500)]
    assert world.record().charged == 0


def test_when_all_fail_at_once_a_streaming_caller_gets_a_status(world: World):
    world.always(*BOOM)
    reply = world.chat(stream=True)
    assert reply.headers["content-type"] == "application/json"
    assert reply.error(503)["availability"]["code"] == "temporarily_unavailable"
    assert reply.headers["x-generation-id"] == world.record().id
    assert world.attempts() == [("alpha", 500), ("beta", 500), ("gamma", 500)]


def test_a_role_is_no_token(world: World):
    world.alpha.then(*streamed(delta(role="assistant", content=""), end=b""), Close())
    world.beta.then(*hello())
    reply = world.stream()
    assert reply.text == "Hello"
    assert [choice["delta"]["role"] for choice in reply.choices if "role" in choice["delta"]] == ["assistant"]
    assert [provider for provider, _ in world.attempts()] == ["alpha", "beta"]


@pytest.mark.parametrize("end", [Reset(), Close()], ids=["reset", "close"])
def test_a_stream_that_breaks_after_tokens_ends_in_an_error_and_costs_nothing(world: World, end: Step):
    world.alpha.then(*streamed(*(delta(content=f"{number} ") for number in range(20)), end=b""), end)
    reply = world.stream()
    assert reply.text == "".join(f"{number} " for number in range(20))
    assert not reply.is_done
    last = reply.chunks[-1]
    assert last["error"]["code"] == 502
    assert last["error"]["metadata"]["error_type"] == "provider_unavailable"
    assert last["choices"][0]["finish_reason"] == "error"
    assert reply.usage["cost"] == 0
    record = world.record()
    assert (record.charged, record.finish_reason, record.cancelled) == (0, "error", False)
    (attempt,) = record.attempts
    assert (attempt.provider, attempt.ok, attempt.counts) == ("alpha", False, True)
    assert world.beta.calls == []


def test_a_text_that_breaks_ends_in_the_shape_of_texts(world: World):
    world.alpha.then(*streamed(delta(content="a"), end=b""), Reset())
    reply = world.stream(path="/completions", prompt="x")
    assert reply.chunks[-1]["choices"] == [
        {"index": 0, "finish_reason": "error", "native_finish_reason": None, "text": ""}
    ]


def test_garbage_before_a_token_fails_over_and_after_one_ends_the_stream(world: World):
    garbage = b"data: {not json}\n\n"
    world.alpha.then(*streamed(garbage))
    world.beta.then(*hello())
    assert world.stream().text == "Hello"
    assert [provider for provider, _ in world.attempts()] == ["alpha", "beta"]
    world.forget()
    world.alpha.then(*streamed(delta(content="Hel"), garbage))
    reply = world.stream()
    assert reply.text == "Hel"
    assert reply.chunks[-1]["error"]["metadata"]["error_type"] == "provider_unavailable"
    assert not reply.is_done
    assert world.record().charged == 0


@pytest.mark.parametrize(
    ("stream", "steps"),
    [
        (False, whole(b"<html>Welcome</html>", 200, ("content-type", "text/html"))),
        (False, whole({})),
        (False, whole({"choices": []})),
        (False, whole(b"")),
        (True, streamed(DONE)),
        (True, streamed()),
        (False, whole(completion(content=None, finish=None) | {"usage": {"prompt_tokens": 7, "completion_tokens": 0}})),
        (False, refused(302, ("location", "http://example.com/"))),
        (False, (Reset(),)),
    ],
    ids=["html", "empty object", "no choices", "empty", "only done", "empty stream", "nothing", "redirect", "reset"],
)
def test_an_answer_that_is_none_moves_on_and_as_the_last_one_is_the_providers_fault(
    world: World, stream: bool, steps: tuple[Step, ...]
):
    world.alpha.then(*steps)
    world.beta.then(*(hello() if stream else OK))
    if stream:
        assert world.stream().text == "Hello"
    else:
        assert world.chat().json()["provider"] == "Beta"
    first = world.record().attempts[0]
    assert (first.provider, first.ok, first.counts) == ("alpha", False, True)
    world.forget()
    world.alpha.then(*steps)
    reply = world.chat(stream=stream, provider={"only": ["alpha"], "allow_fallbacks": False})
    error = reply.error(502)
    assert error["metadata"]["error_type"] == "provider_unavailable"
    assert error["metadata"]["provider_name"] == "Alpha"
    assert world.record().charged == 0


def test_an_error_inside_a_success_is_what_it_says(world: World):
    world.always(*whole({"error": {"code": 429, "message": "slow down"}}))
    assert world.chat().error(429)["availability"]["code"] == "capacity_exhausted"
    assert all(attempt.rate_limited for attempt in world.record().attempts)


def test_an_empty_answer_that_ends_properly_is_an_answer(world: World):
    world.alpha.then(*whole(completion(content="") | {"usage": {"prompt_tokens": 7, "completion_tokens": 0}}))
    body = world.chat().json()
    assert body["choices"][0]["message"]["content"] == ""
    assert body["usage"]["cost"] == 0.000007
    assert world.attempts() == [("alpha", 200)]


def test_a_whole_answer_that_ends_in_an_error_is_partial_and_free(world: World):
    world.alpha.then(*whole(completion(content="Hel", finish="error")))
    body = world.chat().json()
    assert body["choices"][0]["finish_reason"] == "error"
    assert body["choices"][0]["message"]["content"] == "Hel"
    assert body["usage"]["cost"] == 0
    assert not world.record().attempts[0].ok


def test_a_whole_answer_that_comes_as_a_stream_and_breaks_is_partial_and_free(world: World):
    world.alpha.then(*streamed(delta(content="Hel"), delta(content="lo"), end=b""), Reset())
    reply = world.chat()
    assert reply.status == 200
    (choice,) = reply.json()["choices"]
    assert choice["message"]["content"] == "Hello"
    assert choice["finish_reason"] == "error"
    assert (choice["error"]["code"], choice["error"]["metadata"]["error_type"]) == (502, "provider_unavailable")
    assert reply.json()["usage"]["cost"] == 0
    assert (world.record().charged, world.record().finish_reason) == (0, "error")
    assert world.attempts() == [("alpha", 502)]
    assert world.beta.calls == []


def test_a_bad_request_is_tried_once_and_once_more_by_the_next_model(world: World):
    world.alpha.then(*refused(400))
    world.chat().error(400)
    assert world.attempts() == [("alpha", 400)]
    world.forget()
    world.alpha.then(*refused(400))
    world.beta.then(*OK)
    body = world.chat(models=["acme/m", "acme/n"]).json()
    assert (body["model"], body["provider"]) == ("acme/n", "Beta")
    assert world.attempts() == [("alpha", 400), ("beta", 200)]


def test_a_refusal_to_speak_moves_on_to_the_next_model_and_its_refusal_is_the_last_word(world: World):
    filtered = {"error": {"message": "blocked", "code": "content_policy_violation"}}
    world.always(*whole(filtered, 400))
    world.beta._scripts.extend([whole(filtered, 400), OK])
    body = world.chat(models=["acme/m", "acme/n"]).json()
    # acme/n is Beta's only, whose endpoint of it has not been tried.
    assert body["model"] == "acme/n"
    world.forget()
    world.always(*whole(filtered, 400))
    error = world.chat(models=["acme/m", "acme/n"]).error(400)
    assert error["metadata"]["error_type"] == "content_policy_violation"
    assert len(error["metadata"]["previous_errors"]) == 3


@pytest.mark.parametrize(
    ("pieces", "counted"),
    [
        ([delta(content="Hello there"), delta("stop"), DONE], None),
        ([delta(content="Hi"), delta("stop"), usage(1, 1), usage(9, 4), DONE], (9, 4)),
        ([delta(content="Hi"), delta("stop", usage={"prompt_tokens": 9, "completion_tokens": 4}), DONE], (9, 4)),
        ([delta(content="Hi"), delta("stop"), usage(-5, 4), DONE], None),
    ],
    ids=["missing", "twice", "in the last choice", "negative"],
)
def test_usage_is_the_last_word_of_the_upstream_or_our_own_count(
    world: World, pieces: list[bytes], counted: tuple[int, int] | None
):
    world.alpha.then(*streamed(*pieces))
    used = world.stream().usage
    assert used["prompt_tokens"] >= 0
    assert used["completion_tokens"] > 0
    assert used["cost"] > 0
    if counted is not None:
        assert (used["prompt_tokens"], used["completion_tokens"]) == counted
    elif pieces[-2] == delta("stop"):
        assert used["prompt_tokens"] > 0
        assert world.record().usage.estimated


def test_text_survives_however_it_is_cut(world: World):
    said = "Grüße ☃ 🎉"
    data = (delta(content=said) + delta("stop") + usage() + DONE).replace(b"\n\n", b"\r\n\r\n")
    pieces = [data[at : at + 1] for at in range(len(data))]
    world.alpha.then(Send(STREAM_HEAD), *(Send(chunked(piece)) for piece in pieces), Send(b"0\r\n\r\n"))
    assert world.stream().text == said


def test_an_upstreams_own_words_stay_with_us(world: World):
    secret = "sk-canary-alpha"
    world.always(*whole({"error": {"message": f"key {secret} is bad", "code": "oops"}}, 500))
    reply = world.chat()
    assert secret not in reply.body.decode()
    world.forget()
    world.alpha.then(*streamed(delta(content="a"), event({"error": {"message": f"{secret} died"}})))
    assert secret not in json.dumps(world.stream().chunks)


def test_the_echo_shows_each_body_that_went_upstream(world: World):
    world.alpha.always(*BOOM)
    world.beta.always(*hello())
    picture = "data:image/png;base64," + "A" * 4_000
    said: list[dict[str, Any]] = [
        {"type": "text", "text": "Hi"},
        {"type": "text", "text": picture},
    ]
    reply = world.stream(debug={"echo_upstream_body": True}, messages=[{"role": "user", "content": said}])
    echoes = [chunk for chunk in reply.chunks if "debug" in chunk]
    assert reply.chunks[:2] == echoes
    assert all(chunk["choices"] == [] for chunk in echoes)
    for chunk, call in zip(echoes, (world.alpha.calls[0], world.beta.calls[0]), strict=True):
        shown, sent = chunk["debug"]["echo_upstream_body"], json.loads(call.body)
        assert shown["model"] == sent["model"] == "m-upstream"
        assert shown["messages"][0]["content"][1]["text"] == "data:image/png;base64,[4000 characters of base64]"
        assert "sk-canary" not in json.dumps(shown)
    assert reply.text == "Hello"
    assert reply.is_done
    assert "debug" not in world.chat(stream=False, debug={"echo_upstream_body": True}).json()


def test_the_echo_of_a_call_that_fails_comes_before_its_error(world: World):
    world.always(*BOOM)
    reply = world.stream(debug={"echo_upstream_body": True})
    assert ["debug" in chunk for chunk in reply.chunks] == [True, True, True, False]
    assert reply.chunks[-1]["error"]["code"] == 503
    assert world.chat(stream=True, model="acme/nope", debug={"echo_upstream_body": True}).status == 400
