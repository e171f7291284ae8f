"""Answers that come in one piece: chats, text completions, embeddings, compressed or too large."""

from __future__ import annotations

import gzip
import json
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.server.adapters.providers.conftest import attempt, fault_of, sent, target, text_of
from tests.upstream.answers import STREAM_HEAD, chunked, completion, delta, streamed, usage, whole
from tests.upstream.scripted import Close, Send
from trunkline.server.adapters.providers.dialects import anthropic_answers, openai_answers
from trunkline.server.adapters.providers.dialects.dialect import Garbage
from trunkline.server.domain.generation.delta import Delta, Finished, Started, Used, Vector
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.generation.usage import Usage

CHAT = {"model": "acme/m", "messages": [{"role": "user", "content": "Hi"}]}


def test_a_whole_chat_says_everything_that_its_message_holds(answer):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = completion(
        "Hello",
        "tool_calls",
        reasoning="Hm.",
        reasoning_details=[{"type": "reasoning.text", "text": "Hm."}],
        tool_calls=[call, call],
        annotations=[{"type": "url_citation", "url_citation": {"url": "https://x"}}],
        images=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,A"}}],
        refusal=None,
    )
    body |= {"system_fingerprint": "fp", "service_tier": "flex"}
    body["choices"][0]["logprobs"] = {"content": [{"token": "a", "logprob": -0.1}]}
    body["usage"] |= {
        "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 1, "cache_write_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 1, "image_tokens": 1},
    }
    started, said, finished, used = answer(*whole(body), made=attempt(CHAT))
    assert started == Started(
        upstream_id="chatcmpl-1", model="m-upstream", service_tier="flex", system_fingerprint="fp"
    )
    assert (said.content, said.reasoning) == ("Hello", "Hm.")
    assert said.tool_calls == [{"index": 0, **call}, {"index": 1, **call}]
    assert (len(said.annotations), len(said.images), len(said.reasoning_details)) == (1, 1, 1)
    assert json.loads(bytes(said.logprobs)) == {"content": [{"token": "a", "logprob": -0.1}]}
    assert finished == Finished(reason="tool_calls", native="tool_calls")
    assert used.usage == Usage(
        prompt_tokens=7,
        completion_tokens=3,
        cached_tokens=2,
        cache_write_tokens=1,
        audio_tokens=1,
        reasoning_tokens=1,
        audio_output_tokens=1,
        image_output_tokens=1,
    )


def test_parts_where_others_send_text_are_put_together(answer):
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "m."}]},
        {"type": "text", "text": "4"},
        {"type": "text", "text": "2"},
    ]
    _, said, *_ = answer(*whole(completion(parts)), made=attempt(CHAT))
    assert (said.content, said.reasoning) == ("42", "Hmm.")


def test_a_text_completion_is_read_plain_and_streamed(provider):
    choice = {"text": "upon a time", "index": 0, "finish_reason": "length", "logprobs": None}
    provider.then(*whole({"id": "cmpl-1", "choices": [choice]}))
    made = attempt({"prompt": "Once"}, surface=Surface.COMPLETIONS)
    (events,) = sent(made, to=target(provider.url, completions=True))
    assert text_of(events) == "upon a time"
    assert Finished(reason="length", native="length") in events
    pieces = [
        b'data: {"choices":[{"text":"a","finish_reason":null}]}\n\n',
        b'data: {"choices":[{"text":"b","finish_reason":"stop"}]}\n\n',
    ]
    provider.then(*streamed(*pieces, usage()))
    made = attempt({"prompt": "Once", "stream": True}, surface=Surface.COMPLETIONS)
    (events,) = sent(made, to=target(provider.url, completions=True))
    assert text_of(events) == "ab"


@pytest.mark.parametrize(
    ("stated", "usage"),
    [
        ({"prompt_tokens": -5, "completion_tokens": "9"}, Usage()),
        ({"prompt_tokens": 5.0, "completion_tokens": True}, Usage(prompt_tokens=5)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(prompt_tokens=5, cached_tokens=5)),
        ({"prompt_tokens": 5, "prompt_cache_hit_tokens": 3}, Usage(prompt_tokens=5, cached_tokens=3)),
        ({"prompt_tokens": 5, "cached_tokens": 2}, Usage(prompt_tokens=5, cached_tokens=2)),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 3,
                "total_tokens": 18,
                "completion_tokens_details": {"reasoning_tokens": 10},
            },
            Usage(prompt_tokens=5, completion_tokens=13, reasoning_tokens=10),
        ),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 13,
                "total_tokens": 18,
                "completion_tokens_details": {"reasoning_tokens": 10},
            },
            Usage(prompt_tokens=5, completion_tokens=13, reasoning_tokens=10),
        ),
        ({"prompt_tokens_details": None, "completion_tokens_details": []}, Usage()),
    ],
)
def test_usage_is_whole_numbers_of_0_or_more_in_one_convention(stated, usage):
    assert openai_answers.usage(stated) == usage


def test_embeddings_keep_their_order_and_the_text_that_they_came_in(answer):
    rows = [{"object": "embedding", "index": 1, "embedding": "AACAPw=="}, {"embedding": [0.1, -2e-05], "index": 0}]
    body = {"object": "list", "model": "e", "data": rows, "usage": {"prompt_tokens": 4, "total_tokens": 4}}
    made = attempt({"input": ["a", "b"]}, surface=Surface.EMBEDDINGS)
    started, first, second, used = answer(*whole(json.dumps(body).replace("-2e-05", "-2.0E-5").encode()), made=made)
    assert started == Started(model="e")
    assert [(vector.index, bytes(vector.embedding)) for vector in (first, second)] == [
        (1, b'"AACAPw=="'),
        (0, b"[0.1, -2.0E-5]"),
    ]
    assert isinstance(first, Vector)
    assert used == Used(usage=Usage(prompt_tokens=4))


@pytest.mark.parametrize(
    "body", [{}, {"data": []}, {"data": [3]}, {"data": [{"embedding": None}]}, {"error": {"code": 500}}]
)
def test_what_holds_no_embeddings_is_a_fault(answer, body):
    made = attempt({"input": "a"}, surface=Surface.EMBEDDINGS)
    assert fault_of(answer(*whole(body), made=made)).type is FaultType.PROVIDER_UNAVAILABLE


ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("coding", ENCODERS)
def test_compressed_answers_are_read_plain_and_streamed(provider, coding):
    encode = ENCODERS[coding]
    body = encode(json.dumps(completion()).encode())
    provider.then(*whole(body, 200, ("content-type", "application/json"), ("content-encoding", coding)))
    head = STREAM_HEAD.replace(b"\r\n\r\n", f"\r\ncontent-encoding: {coding}\r\n\r\n".encode())
    text = encode(delta(content="Hello") + delta("stop") + usage())
    provider.then(*streamed(*(text[at : at + 7] for at in range(0, len(text), 7)), head=head))
    plain, stream = sent(attempt(CHAT), attempt(), to=target(provider.url))
    assert (text_of(plain), text_of(stream)) == ("Hello", "Hello")
    assert provider.calls[1].header("accept-encoding") == "identity"


def test_a_small_body_that_unpacks_to_a_huge_one_is_not_kept(answer):
    bomb = gzip.compress(b" " * (80 * 1024 * 1024))
    steps = whole(bomb, 200, ("content-type", "application/json"), ("content-encoding", "gzip"))
    assert fault_of(answer(*steps, made=attempt(CHAT))).message == "The provider sent more than is read"


def test_a_body_that_ends_early_or_is_badly_packed_is_a_fault(answer):
    early = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"
    assert fault_of(answer(Send(early), Close(), made=attempt(CHAT))).type is FaultType.PROVIDER_UNAVAILABLE
    bad = whole(b"not gzip", 200, ("content-type", "application/json"), ("content-encoding", "gzip"))
    assert fault_of(answer(*bad, made=attempt(CHAT))).type is FaultType.PROVIDER_UNAVAILABLE


def test_a_head_without_end_is_a_fault(answer):
    lines = [Send(b"x-filler: " + b"y" * 60_000 + b"\r\n") for _ in range(20)]
    fault = fault_of(answer(Send(b"HTTP/1.1 200 OK\r\n"), *lines, Close()))
    assert fault.type is FaultType.PROVIDER_UNAVAILABLE


def test_a_stream_in_one_chunk_is_read_as_it_is(answer):
    text = delta(role="assistant") + delta(content="Hel") + delta(content="lo") + delta("stop")
    events = answer(Send(STREAM_HEAD), Send(chunked(text)), Send(b"0\r\n\r\n"))
    assert [event.content for event in events if isinstance(event, Delta)] == ["Hel", "lo"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "model",
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "text",
                    "tool_calls",
                    "index",
                    "function",
                    "finish_reason",
                    "usage",
                    "prompt_tokens",
                    "completion_tokens",
                    "prompt_tokens_details",
                    "error",
                    "reasoning",
                    "type",
                    "content_block",
                    "input",
                    "stop_reason",
                    "thinking",
                    "citation",
                    "citations",
                    "url",
                    "images",
                    "audio",
                    "logprobs",
                    "data",
                    "embedding",
                    "x_groq",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
KINDS = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "error",
    "ping",
]
BLOCKS = ["text", "tool_use", "thinking", "redacted_thinking", "text_delta", "input_json_delta", "citations_delta"]


@given(json_values, st.sampled_from(KINDS), st.sampled_from(BLOCKS), st.sampled_from(list(Surface)))
def test_no_answer_is_too_odd_to_be_read_or_refused(value, kind, block, surface):
    """What is read ends in events or in `Garbage`, never in anything else."""
    fields = value if isinstance(value, dict) else {"choices": value, "content": value}
    inner = fields | {"type": block}
    shaped = fields | {
        "type": kind,
        "content_block": inner,
        "delta": inner,
        "message": fields,
        "content": [inner, value],
    }
    chat = {
        "choices": [fields | {"delta": fields, "message": fields}, value],
        "usage": fields,
        "data": [fields],
        **fields,
    }
    for decode in (
        openai_answers.whole,
        anthropic_answers.whole,
        lambda body, surface: openai_answers.StreamDecoder(surface).take(body),
        lambda body, surface: anthropic_answers.StreamDecoder(surface).take(body),
    ):
        for said in (value, fields, shaped, chat):
            try:
                events = decode(json.dumps(said).encode(), surface)
            except Garbage:
                continue
            for event in events:
                if isinstance(event, Used):
                    assert all(count >= 0 for count in (event.usage.prompt_tokens, event.usage.completion_tokens))
