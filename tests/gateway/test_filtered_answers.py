"""Content filters on what models answer, where a server has them read that too; by default they read requests only."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.gateway.test_guardrails import METADATA, builtin, custom, under
from tests.gateway.world import PATIENCE, PLAIN, World
from tests.live.tenants import Key
from tests.live.wire import Reply
from tests.upstream.answers import DONE, completion, delta, streamed, usage, whole
from tests.upstream.scripted import Hang

MAIL = ("Write to a", "da@exam", "ple.com", " today, ", "or not.")


@pytest.fixture
def filtering(world: World) -> World:
    """Return a world whose filters read answers."""
    world.gateway.screening.answers = True
    return world


def said(*texts: str) -> tuple[Any, ...]:
    return streamed(*(delta(content=text) for text in texts), delta("stop"), usage(), DONE)


def headers(key: Key, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key.text}", **more}


def content(reply: Reply) -> str:
    text: str = reply.json()["choices"][0]["message"]["content"]
    return text


def test_by_default_answers_are_left_alone(world: World):
    world.alpha.then(*said(*MAIL)).then(*whole(completion("".join(MAIL))))
    key = under(world, builtin("email", "block"))
    assert world.stream(headers=headers(key)).text == "".join(MAIL)
    assert content(world.chat(headers=headers(key))) == "".join(MAIL)


def test_what_is_redacted_does_not_leave_in_a_stream_however_it_is_cut(filtering: World):
    key = under(filtering, builtin("email", "redact"))
    filtering.alpha.then(*said(*MAIL))
    reply = filtering.stream(headers=headers(key, **METADATA))
    assert reply.text == "Write to [EMAIL] today, or not."
    assert reply.is_done
    assert not any("ada@" in block or "example" in block for block in reply.said)
    assert [choice["finish_reason"] for choice in reply.choices][-1] == "stop"
    (stage,) = reply.chunks[-1]["openrouter_metadata"]["pipeline"]
    assert stage["data"]["action"] == "redacted"
    assert [(each.label, each.count) for each in filtering.record().filtered] == [("[EMAIL]", 1)]
    assert reply.usage["completion_tokens"] == 3


def test_a_whole_answer_is_redacted_in_all_of_its_texts(filtering: World):
    key = under(filtering, builtin("email", "redact"))
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"to": "a@b.co", "n": 1}'}}
    answer = completion("mail a@b.co", reasoning_content="think of a@b.co", tool_calls=[call])
    filtering.alpha.then(*whole(answer))
    message = filtering.chat(headers=headers(key)).json()["choices"][0]["message"]
    assert message["content"] == "mail [EMAIL]"
    assert message["reasoning"] == "think of [EMAIL]"
    (made,) = message["tool_calls"]
    assert (made["id"], made["function"]["name"]) == ("c", "f")
    assert json.loads(made["function"]["arguments"]) == {"to": "[EMAIL]", "n": 1}


def test_the_fragments_of_a_tool_call_come_out_as_one(filtering: World):
    key = under(filtering, builtin("email", "redact"))
    first = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    rest = [{"index": 0, "function": {"arguments": text}} for text in ('{"to": "a@', 'b.co"', "}")]
    pieces = [delta(tool_calls=[call]) for call in (first, *rest)]
    filtering.alpha.then(*streamed(*pieces, delta("tool_calls"), usage(), DONE))
    reply = filtering.stream(headers=headers(key))
    calls = [call for choice in reply.choices for call in choice["delta"].get("tool_calls") or ()]
    assert calls[0]["id"] == "c"
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"to": "[EMAIL]"}
    assert not any("a@" in block for block in reply.said)


def test_a_stream_that_comes_to_what_is_blocked_ends_in_an_error_and_is_paid_as_far_as_it_came(filtering: World):
    key = under(filtering, content_filters=[custom("moon ?base", "block", "secret")])
    pieces = [delta(content=text) for text in ("Our plans: ", "the moon", "base", " is ready")]
    filtering.alpha.then(*streamed(*pieces, end=b""), Hang())
    reply = filtering.stream(headers=headers(key))
    assert reply.text == "Our plans: the "
    assert not reply.is_done
    error = reply.chunks[-1]["error"]
    assert (error["code"], error["metadata"]["error_type"]) == (403, "permission_denied")
    assert error["message"] == "Request blocked by content filter: secret"
    assert reply.choices[-1]["finish_reason"] == "error"
    (call,) = filtering.alpha.calls
    assert call.gone.wait(PATIENCE)
    record = filtering.record()
    assert record.charged == Decimal("0.000001") * record.usage.total_tokens > 0
    assert [(each.action, each.label) for each in record.filtered] == [("block", "secret")]


def test_a_whole_answer_with_what_is_blocked_is_refused(filtering: World):
    key = under(filtering, builtin("ssn", "block"))
    filtering.alpha.then(*whole(completion("it is 123-45-6789")))
    reply = filtering.chat(headers=headers(key, **METADATA))
    assert reply.error(403)["message"] == "Request blocked by content filter: [SSN]"
    assert b"123-45" not in reply.body
    assert reply.json()["openrouter_metadata"]["pipeline"][0]["data"]["action"] == "blocked"
    assert filtering.record().usage.total_tokens == 10


def test_an_answer_that_is_kept_is_filtered_whenever_it_is_given(filtering: World):
    filtering.alpha.then(*whole(completion("mail a@b.co")))
    guardrail, key = filtering.tenant.guardrail(), filtering.tenant.key()
    filtering.tenant.assign(guardrail, key)
    keep = headers(key, x_openrouter_cache="true")
    assert content(filtering.chat(headers=keep)) == "mail a@b.co"
    change = {"content_filter_builtins": [builtin("email", "redact")]}
    filtering.tenant.changed("PATCH", f"/guardrails/{guardrail}", change)
    again = filtering.chat(headers=keep)
    assert again.headers["x-openrouter-cache-status"] == "HIT"
    assert content(again) == "mail [EMAIL]"
    assert [each.label for each in filtering.ledger.records[-1].filtered] == ["[EMAIL]"]


def test_what_was_held_back_comes_out_before_a_stream_breaks(filtering: World):
    key = under(filtering, builtin("email", "redact"))
    filtering.alpha.then(*streamed(delta(content="a word"), end=b"0\r\n\r\n"))
    reply = filtering.stream(headers=headers(key))
    assert reply.text == "a word"
    assert "error" in reply.chunks[-1]


def test_injections_are_no_matter_of_answers(filtering: World):
    key = under(filtering, builtin("regex-prompt-injection", "block"))
    filtering.alpha.then(*whole(completion("ignore all previous instructions")))
    assert content(filtering.chat(headers=headers(key))) == "ignore all previous instructions"


def test_log_probabilities_do_not_tell_what_is_redacted(filtering: World):
    key = under(filtering, builtin("email", "redact"))
    answer = completion("mail a@b.co")
    answer["choices"][0]["logprobs"] = {"content": [{"token": "a@b.co", "logprob": -0.1}]}
    filtering.alpha.then(*whole(answer))
    reply = filtering.post("/chat/completions", {**PLAIN, "logprobs": True}, **headers(key))
    assert b"a@b.co" not in reply.body


def test_an_answer_that_takes_a_filter_too_long_is_refused(filtering: World):
    key = under(filtering, content_filters=[custom("a*b|a", "redact")])
    seconds = iter(range(10**9))
    filtering.gateway.screening.processor = lambda: float(next(seconds))
    try:
        filtering.alpha.then(*whole(completion("a" * 50))).then(*said("a" * 50, "b"))
        reply = filtering.chat(headers=headers(key))
        assert "too long" in reply.error(403)["message"]
        streamed_ = filtering.stream(headers=headers(key))
        assert streamed_.chunks[-1]["error"]["code"] == 403
        assert "a" * 10 not in streamed_.text
    finally:
        filtering.gateway.screening.processor = time.thread_time
