"""Faults of answers that say 200: bodies, codings, events, usage, tool calls."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any, Final

import brotli
import zstandard

from tests.gateway.fault_rows import ANSWER, LIMITED, Row, Steps, events, sized
from tests.upstream.answers import DONE, STREAM_HEAD, chunked, completion, delta, event, usage, whole
from tests.upstream.scripted import Send

_GOOD: Final = json.dumps(completion()).encode()
_TAIL: Final = (delta(content="lo"), delta("stop"), usage(), DONE)
_STREAM: Final = delta(content="Hel") + b"".join(_TAIL)
_END: Final = b"0\r\n\r\n"


def body(name: str, what: str, text: Any, **more: Any) -> Row:
    """Return the row of a whole body of some JSON, or of bytes."""
    data = text if isinstance(text, bytes) else json.dumps(text).encode()
    return Row(name=name, what=what, whole=sized(data), **more)


def stream(name: str, what: str, *pieces: bytes, before: tuple[bytes, ...] = (), **more: Any) -> Row:
    """Return the row of a stream whose pieces come first, and after two tokens; `before` come first only."""
    return Row(name=name, what=what, streamed=events(*before, *pieces), after=after(*pieces), **more)


def after(*pieces: bytes) -> Steps:
    return (*(Send(chunked(piece)) for piece in pieces), Send(_END))


def fine(name: str, what: str, *pieces: bytes, **more: Any) -> Row:
    """Return the row of an oddity that does no harm to a stream."""
    return Row(name=name, what=what, streamed=events(*pieces), sees=ANSWER, **more)


def packed(name: str, data: bytes, text: bytes, coding: str, **more: Any) -> Row:
    """Return the row of a compressed body, and of a compressed stream, which nobody has asked for."""
    head = STREAM_HEAD.replace(b"\r\n\r\n", f"\r\ncontent-encoding: {coding}\r\n\r\n".encode())
    steps = (Send(head), *(Send(chunked(text[at : at + 7])) for at in range(0, len(text), 7)), Send(_END))
    kind = f"content-encoding: {coding}"
    return Row(name=name, whole=sized(data, "application/json", kind), streamed=steps, **more)


def counted(name: str, what: str, stated: str) -> Row:
    """Return the row of usage that makes no sense, as JSON text."""
    text = _GOOD.replace(b'{"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}', stated.encode())
    assert text != _GOOD
    chunk = b'data: {"id": "x", "choices": [], "usage": ' + stated.encode() + b"}\n\n"
    pieces = (delta(content="Hello"), delta("stop"), chunk, DONE)
    return Row(name=name, what=what, whole=sized(text), streamed=events(*pieces), sees=ANSWER)


def calling(name: str, what: str, calls: Any) -> Row:
    """Return the row of tool calls that are not as they should be, beside a text."""
    whole_ = completion(tool_calls=calls)
    pieces = (delta(content="Hello", tool_calls=calls), delta("tool_calls"), usage(), DONE)
    return Row(name=name, what=what, whole=whole(whole_), streamed=events(*pieces), sees=ANSWER)


ERROR: Final = {"error": {"message": "it broke", "code": "server_error"}}
CALL: Final = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}

BODIES: Final = [
    body("error_inside", "200 with an error", ERROR, streamed=sized(json.dumps(ERROR).encode())),
    body("limit_inside", "200 with an error of code 429", {"error": {"code": 429, "message": "slow"}}, sees=LIMITED),
    body("error_text", "200 with an error that is a text", {"error": "it broke"}),
    body("empty", "an empty body", b"", streamed=sized(b"", "text/event-stream")),
    body("empty_object", "`{}`", {}),
    body("array", "a JSON array", []),
    body("number", "a JSON number", b"3"),
    body("null", "`null`", b"null"),
    body("no_choices", "no choices", completion() | {"choices": []}),
    body("null_choices", "choices of null", completion() | {"choices": None}),
    body("choices_of_texts", "choices that are texts", completion() | {"choices": ["Hello"]}),
    body("nothing_said", "neither a token nor a reason to stop", completion(content=None, finish=None)),
    body("invalid_json", "invalid JSON", b'{"choices": [}'),
    body("truncated_json", "JSON that is cut", _GOOD[:-9]),
    body("two_objects", "two JSON objects", _GOOD + _GOOD),
    body("html", "a page of HTML", b"<html>Welcome</html>", streamed=sized(b"<html>Welcome</html>", "text/html")),
    body("nested", "JSON nested 100,000 deep", b"[" * 100_000),
    body("invalid_utf8", "a text that is no UTF-8", _GOOD.replace(b"Hello", b"He\xff\xfello")),
    Row(
        name="wrong_type",
        what="JSON that calls itself a text, and a stream that calls itself nothing",
        whole=sized(_GOOD, "text/plain"),
        streamed=(
            Send(STREAM_HEAD.replace(b"content-type: text/event-stream", b"x-kind: none")),
            *after(_STREAM),
        ),
        sees=ANSWER,
    ),
    Row(
        name="other_kind",
        what="a stream where a whole answer was asked for, and the other way round",
        whole=events(_STREAM),
        streamed=sized(_GOOD),
        sees=ANSWER,
    ),
    body(
        "half_pair_body",
        "half a surrogate pair in the JSON",
        _GOOD.replace(b"Hello", b"\\ud83dHello"),
        sees=ANSWER,
        said="\ufffdHello",
    ),
    body("bom", "a byte order mark before the JSON", b"\xef\xbb\xbf" + _GOOD, sees=ANSWER),
    body("huge", "65 MB of JSON", gzip.compress(b" " * (65 * 1024 * 1024), 1)),
    body(
        "long", "an answer of 8 MB", json.dumps(completion("x" * 8_000_000)).encode(), sees=ANSWER, said="x" * 8_000_000
    ),
    packed("gzip", gzip.compress(_GOOD), gzip.compress(_STREAM), "gzip", what="gzip", sees=ANSWER),
    packed("deflate", zlib.compress(_GOOD), zlib.compress(_STREAM), "deflate", what="deflate", sees=ANSWER),
    packed("br", brotli.compress(_GOOD), brotli.compress(_STREAM), "br", what="brotli", sees=ANSWER),
    packed("zstd", zstandard.compress(_GOOD), zstandard.compress(_STREAM), "zstd", what="zstd", sees=ANSWER),
    packed("broken_gzip", b"not gzip", b"not gzip", "gzip", what="broken gzip"),
    packed("cut_gzip", gzip.compress(_GOOD)[:-12], gzip.compress(_STREAM)[:12], "gzip", what="gzip that is cut"),
    packed(
        "unknown_coding", _GOOD, _STREAM, "rot13", what="a coding that nobody knows, and plain text in it", sees=ANSWER
    ),
]
EVENTS: Final = [
    stream("only_done", "`[DONE]` and nothing else", DONE, sees_after=ANSWER, said=""),
    stream("no_events", "no event at all"),
    stream("cut_stream", "no reason to stop and no `[DONE]`", delta(role="assistant")),
    stream("invalid_event", "an event of invalid JSON", b"data: {not json}\n\n"),
    stream("cut_event", "an event that is cut", delta(content="x")[:-30] + b"\n\n"),
    stream("array_event", "an event that is no object", b"data: [1]\n\n"),
    stream("error_event", "an event with an error", event(ERROR)),
    stream(
        "limit_event",
        "an event with an error of code 429",
        event({"error": {"code": 429, "message": "slow"}}),
        sees=LIMITED,
    ),
    stream("named_error", "an event named `error`", event(ERROR, "error")),
    stream("finish_error", "the reason to stop is `error`", delta("error"), DONE),
    stream("huge_event", "one event of 17 MB", b"data: " + b"x" * (17 * 1024 * 1024) + b"\n\n"),
    stream("utf8_event", "an event that is no UTF-8", b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'),
    fine("no_done", "no `[DONE]` after the reason to stop", delta(content="Hello"), delta("stop")),
    fine("two_dones", "`[DONE]` twice, and text after it", _STREAM, DONE, delta(content="more"), DONE),
    fine("no_blank_line", "no blank line after the last event", delta(content="Hello"), delta("stop").rstrip(b"\n")),
    fine("bom_stream", "a byte order mark", b"\xef\xbb\xbf" + _STREAM),
    fine("crlf", "lines that end in CR LF", _STREAM.replace(b"\n", b"\r\n")),
    fine("cr", "lines that end in CR", _STREAM.replace(b"\n", b"\r")),
    fine(
        "comments",
        "comments, ids, names and retry times among the events",
        b": hi\n\nid: 1\nretry: 9\n\nevent: x\n" + _STREAM,
    ),
    fine("no_space", "no space after `data:`", _STREAM.replace(b"data: ", b"data:")),
    fine("many_lines", "an event of several data lines", _STREAM.replace(b'"choices"', b'\ndata: "choices"')),
    fine("empty_data", "events without data", b"data:\n\ndata: \n\n" + _STREAM),
    fine(
        "null_delta",
        "deltas, contents and choices of null",
        event({"choices": [{"delta": None}]}),
        event({"choices": None, "usage": None}),
        delta(content=None),
        _STREAM,
    ),
    fine("numbers", "contents that are no texts", delta(content=3), delta(content={"a": 1}), _STREAM),
    fine(
        "half_pair",
        "half a surrogate pair",
        delta(content="Hel").replace(b"Hel", b"Hel\\ud83d"),
        *_TAIL,
        said="Hel\ufffdlo",
    ),
    fine("unknown_reason", "a reason to stop that nobody knows", delta(content="Hello"), delta("because"), DONE),
    fine(
        "empty_reason", 'a reason to stop of ""', delta("", content="Hel"), delta("", content="lo"), delta("stop"), DONE
    ),
]
COUNTS: Final = [
    counted("usage_nan", "usage of NaN", '{"prompt_tokens": NaN, "completion_tokens": 3}'),
    counted(
        "usage_negative", "usage below zero", '{"prompt_tokens": -7, "completion_tokens": -3, "total_tokens": -10}'
    ),
    counted("usage_texts", "usage in texts", '{"prompt_tokens": "7", "completion_tokens": "3"}'),
    counted("usage_huge", "usage of 10^30", f'{{"prompt_tokens": {10**30}, "completion_tokens": {10**30}}}'),
    counted("usage_infinite", "usage of 1e400", '{"prompt_tokens": 1e400, "completion_tokens": 3}'),
    counted("usage_fractions", "usage in fractions", '{"prompt_tokens": 7.9, "completion_tokens": 3.2}'),
    counted("usage_null", "usage of null", "null"),
    counted("usage_array", "usage that is an array", "[7, 3]"),
    counted(
        "usage_cached",
        "more cached tokens than there are",
        '{"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 900}}',
    ),
]
CALLS: Final = [
    calling("call_text", "tool calls that are a text", "f()"),
    calling("call_null", "tool calls of null among others", [None, 3, CALL]),
    calling("call_nameless", "a tool call without name, id and index", [{"function": {"arguments": "{}"}}]),
    calling("call_arguments", "arguments that are no JSON", [CALL | {"function": {"name": "f", "arguments": "{no"}}]),
    calling("call_object", "arguments that are an object", [CALL | {"function": {"name": "f", "arguments": {"a": 1}}}]),
    calling("call_unknown", "a tool that was not offered", [CALL | {"function": {"name": "rm", "arguments": "{}"}}]),
    calling(
        "call_index",
        "an index of 10^9, below zero, or no number",
        [CALL | {"index": 10**9}, CALL | {"index": -1}, CALL | {"index": "a"}],
    ),
]
