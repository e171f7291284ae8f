"""Streams of OpenAI-compatible providers over real sockets: read right, however they come."""

from __future__ import annotations

import json

import pytest

from tests.server.adapters.providers.conftest import attempt, fault_of, sent, target, text_of
from tests.upstream.answers import (
    DONE,
    END,
    STREAM_HEAD,
    chunked,
    completion,
    delta,
    event,
    hello,
    hello_at_once,
    streamed,
    usage,
    whole,
)
from tests.upstream.scripted import Close, Hang, Pause, Reset, Send
from trunkline.server.adapters.providers.targets import Limits
from trunkline.server.domain.generation.delta import Delta, Failed, Finished, Started, Used
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.usage import Usage

USAGE = Usage(prompt_tokens=7, completion_tokens=3)


def test_a_plain_stream_becomes_events_in_their_order(answer):
    assert answer(*hello()) == [
        Started(upstream_id="chatcmpl-1", model="m-upstream"),
        Delta(content="Hel"),
        Delta(content="lo"),
        Finished(reason="stop", native="stop"),
        Used(usage=USAGE),
    ]


def test_the_request_arrives_with_path_key_and_usage_asked_for(provider, answer):
    answer(*hello())
    call = provider.calls[0]
    assert call.path == "/v1/chat/completions"
    assert call.header("authorization") == "Bearer sk-canary-5a1e"
    assert call.header("content-type") == "application/json"
    body = json.loads(call.body)
    assert body["model"] == "m-upstream"
    assert body["stream_options"] == {"include_usage": True}
    assert list(body)[:3] == ["model", "messages", "stream"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_text_is_whole_wherever_the_stream_is_split(answer, size, newline):
    said = "Grüße, 世界 🌍 \u2028 — fin"
    body = b"".join(
        (
            b": comment\n\n",
            delta(role="assistant", content=""),
            *(delta(content=piece) for piece in said),
            delta("stop"),
            usage(),
            DONE,
        )
    ).replace(b"\n", newline)
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    events = answer(*streamed(*pieces))
    assert text_of(events) == said
    assert events[-1] == Used(usage=USAGE)


def test_usage_in_every_chunk_is_told_once_as_the_last_one_says(answer):
    counts = [{"prompt_tokens": 7, "completion_tokens": n} for n in (1, 2, 3)]
    events = answer(*streamed(*(delta(usage=count, content="a") for count in counts), delta("stop"), DONE))
    assert [event for event in events if isinstance(event, Used)] == [Used(usage=USAGE)]


def test_a_stream_without_done_is_whole_once_it_has_its_finish_reason(answer):
    events = answer(*streamed(delta(content="Hello"), delta("stop"), usage()))
    assert events[-2:] == [Finished(reason="stop", native="stop"), Used(usage=USAGE)]


def test_a_stream_that_names_no_finish_reason_is_whole_once_it_says_done(answer):
    events = answer(*streamed(delta(content="Hello"), usage(), DONE))
    assert events[-2:] == [Finished(reason=None), Used(usage=USAGE)]


def test_an_upstream_that_counts_nothing_is_counted_for(answer):
    events = answer(*streamed(delta(content="Hello, you there"), delta("stop"), DONE))
    # "Hi" is 1 token and 4 for the message; 16 characters are 4.
    assert events[-1] == Used(usage=Usage(prompt_tokens=5, completion_tokens=4, estimated=True))


def test_zeros_are_no_count_of_an_answer_that_says_something(answer):
    events = answer(*streamed(delta(content="Hello, you there"), delta("stop"), usage(0, 0), DONE))
    assert events[-1] == Used(usage=Usage(prompt_tokens=5, completion_tokens=4, estimated=True))


def test_usage_that_comes_after_the_finish_reason_is_not_waited_for_forever(answer):
    events = answer(Send(STREAM_HEAD), Send(chunked(delta(content="Hello") + delta("stop"))), Reset())
    assert [type(event) for event in events] == [Started, Delta, Finished, Used]
    assert events[-1].usage.estimated


def test_fragments_of_tool_calls_come_unmerged_and_in_their_order(answer):
    parts = ['{"ci', 'ty":', ' "Par', "is", '"}']
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    said = [[first], *([{"index": 0, "function": {"arguments": part}}] for part in parts)]
    events = answer(*streamed(*(delta(tool_calls=calls) for calls in said), delta("tool_calls"), usage(), DONE))
    assert [event.tool_calls for event in events if isinstance(event, Delta)] == said
    assert Finished(reason="tool_calls", native="tool_calls") in events


def test_tool_arguments_that_come_whole_and_without_index_are_taken(answer):
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    events = answer(*streamed(delta(tool_calls=[call, call]), delta("tool_calls"), DONE))
    assert events[1].tool_calls == [{"index": 0, **call}, {"index": 1, **call}]


def test_what_servers_get_wrong_in_chunks_does_no_harm(answer):
    events = answer(
        *streamed(
            event({"choices": [], "prompt_filter_results": []}),
            event({"id": "x", "choices": [{"delta": {"role": "assistant", "content": None}, "finish_reason": ""}]}),
            event({"choices": [{"delta": {"role": "assistant", "content": "Hel"}, "finish_reason": ""}]}),
            event({"choices": [{"delta": {"role": "assistant", "content": "lo"}}]}),
            event({"choices": [{"delta": None, "finish_reason": "end_turn", "index": None}]}),
            event({"choices": None, "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": None}}),
            DONE,
        )
    )
    assert text_of(events) == "Hello"
    assert events[-2:] == [Finished(reason="stop", native="end_turn"), Used(usage=USAGE)]


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning_is_taken_under_both_its_names(answer, name):
    events = answer(*streamed(delta(**{name: "Hm."}), delta(content="42"), delta("stop"), DONE))
    assert [(event.reasoning, event.content) for event in events if isinstance(event, Delta)] == [
        ("Hm.", None),
        (None, "42"),
    ]


def test_an_answer_that_comes_whole_where_a_stream_was_asked_for_is_taken(answer):
    events = answer(*whole(completion()))
    assert text_of(events) == "Hello"
    assert events[-2:] == [Finished(reason="stop", native="stop"), Used(usage=USAGE)]


def test_a_stream_that_comes_where_a_whole_answer_was_asked_for_is_taken(answer):
    made = attempt({"model": "acme/m", "messages": [], "stream": False})
    assert text_of(answer(*hello(), made=made)) == "Hello"


def test_an_empty_answer_that_stops_properly_is_a_success(answer):
    events = answer(*streamed(delta(role="assistant", content=""), delta("stop"), usage(7, 0), DONE))
    assert not [event for event in events if isinstance(event, Failed)]
    assert events[-1] == Used(usage=Usage(prompt_tokens=7))


@pytest.mark.parametrize(
    "steps",
    [
        streamed(DONE),
        streamed(),
        streamed(b"<html><body>Welcome</body></html>"),
        streamed(delta(role="assistant", content=""), DONE),
        streamed(delta(role="assistant", content="")),
        streamed(event({"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}), DONE),
        streamed(b"data: {not json\n\n"),
        streamed(b"data: []\n\n"),
        streamed(b"data: \xff\xfe\n\n"),
        streamed(b"data: " + b"[" * 5000 + b"\n\n"),
        streamed(event({"hello": "world"})),
        whole({}),
        whole([]),
        whole(b""),
        whole(b"<html>", 200, ("content-type", "text/html")),
        whole({"choices": []}),
        (Send(b"garbage\r\n\r\n"), Close()),
        (Send(STREAM_HEAD), Send(b"zz\r\nnot a chunk\r\n"), Close()),
        (Close(),),
        (Reset(),),
        (Send(STREAM_HEAD), Reset()),
        (Send(STREAM_HEAD), Send(chunked(delta(role="assistant", content=""))), Reset()),
    ],
)
def test_what_is_no_answer_is_a_fault_that_lets_others_answer(answer, steps):
    events = answer(*steps)
    assert not [event for event in events if isinstance(event, Delta | Finished | Used)]
    fault = fault_of(events)
    assert (fault.type, fault.next_endpoint, fault.next_model, fault.counts) == (
        FaultType.PROVIDER_UNAVAILABLE, True, True, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "last",
    [
        (Reset(),),
        (Close(),),
        (Send(END),),
        (Send(chunked(b"data: {oops\n\n")), Send(END)),
        (Send(chunked(event({"choices": [{"delta": {}, "finish_reason": "error"}]}))), Send(END)),
    ],
)
def test_a_stream_that_is_cut_after_tokens_ends_with_a_fault_and_nothing_after_it(answer, last):
    events = answer(Send(STREAM_HEAD), Send(chunked(delta(content="Hel"))), Pause(0.02), *last)
    assert [type(event) for event in events] == [Started, Delta, Failed]
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE


def test_an_error_inside_a_stream_says_what_it_is(answer):
    for error, kind in [
        ({"error": {"message": "slow down", "code": 429}}, FaultType.RATE_LIMIT_EXCEEDED),
        ({"error": {"message": "busy", "type": "overloaded_error"}}, FaultType.PROVIDER_OVERLOADED),
        ({"error": "it broke"}, FaultType.PROVIDER_UNAVAILABLE),
    ]:
        events = answer(*streamed(delta(content="Hel"), event(error), DONE))
        assert [type(event) for event in events] == [Started, Delta, Failed]
        assert fault_of(events).type is kind


def test_an_error_object_with_status_200_is_that_error(answer):
    made = attempt({"model": "acme/m", "messages": []})
    assert fault_of(answer(*whole({"error": {"code": 429}}), made=made)).type is FaultType.RATE_LIMIT_EXCEEDED


def test_a_filter_before_any_token_is_a_refusal_that_other_providers_may_answer(answer):
    fault = fault_of(answer(*streamed(delta("content_filter"), DONE)))
    assert (fault.type, fault.other_provider_only, fault.counts) == (FaultType.CONTENT_POLICY_VIOLATION, True, False)


def test_a_filter_after_tokens_is_how_the_answer_ended(answer):
    events = answer(*streamed(delta(content="Well"), delta("content_filter"), DONE))
    assert Finished(reason="content_filter", native="content_filter") in events


def test_connections_serve_again_after_a_stream(provider):
    provider.always(*hello_at_once())
    answers = sent(attempt(), attempt(), attempt(), to=target(provider.url))
    assert [text_of(events) for events in answers] == ["Hello"] * 3
    assert provider.connections == 1


def test_a_silent_upstream_is_a_timeout(provider):
    limits = Limits(connect=1, first_byte=0.1, first_byte_slow=0.1, idle=0.1)
    to = target(provider.url, limits=limits)
    provider.then(Hang()).then(Send(STREAM_HEAD), Hang()).then(
        Send(STREAM_HEAD), Send(chunked(delta(content="Hel"))), Hang()
    )
    for events in sent(attempt(), attempt(), attempt(), to=to):
        assert fault_of(events).type is FaultType.TIMEOUT
    for call in provider.calls:
        assert call.gone.wait(5), "the connection is closed when time is up"


def test_comments_keep_a_stream_alive_but_not_beyond_the_time_to_its_first_token(provider):
    limits = Limits(connect=1, first_byte=1, first_byte_slow=1, idle=1)
    comments = [step for _ in range(7) for step in (Send(chunked(b": ping\n\n")), Pause(0.2))]
    provider.then(Send(STREAM_HEAD), *comments, *streamed(delta(content="Hello"), delta("stop"), DONE, head=b""))
    provider.then(Send(STREAM_HEAD), *comments, Hang())
    alive, late = sent(attempt(), attempt(seconds=0.4), to=target(provider.url, limits=limits))
    assert text_of(alive) == "Hello"
    assert fault_of(late).type is FaultType.TIMEOUT
