"""Whatever the pieces in which a stream's bytes arrive, and whether it is a stream at all: the answer is the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.conftest import VOICES
from tests.dialects.said import Counts, Piece, Said, Text, Thought, ToolCall, Voice
from tests.upstream.answers import event
from trunkline.server.adapters.providers.dialects.dialect import Garbage
from trunkline.server.adapters.providers.sse import EventReader
from trunkline.server.adapters.providers.targets import DIALECTS
from trunkline.server.domain.generation.delta import Delta, Event, Finished, Used
from trunkline.server.domain.generation.request import Surface

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
pieces = st.lists(
    st.one_of(
        words.map(Text),
        words.map(Thought),
        st.builds(ToolCall, st.sampled_from(["f", "get_weather"]), st.dictionaries(words, values, max_size=3)),
    ),
    min_size=1,
    max_size=6,
)
counts = st.builds(
    lambda prompt, cached, text, thoughts: Counts(prompt + cached, text + thoughts, cached, thoughts),
    *[st.integers(0, 10**6)] * 4,
)
voices = st.sampled_from(VOICES)


def answers(made: Sequence[Piece], count: Counts) -> Said:
    finish = "tool_calls" if any(isinstance(piece, ToolCall) for piece in made) else "stop"
    return Said(tuple(made), finish, count)


said = st.builds(answers, pieces, counts)


def read(voice: Voice, chunks: Sequence[bytes]) -> list[Event]:
    """Read a stream as the exchange does."""
    reader, decoder = EventReader(), DIALECTS[voice.name].decoder(Surface.CHAT)
    found: list[Event] = []
    for data in [data for chunk in chunks for data in reader.feed(chunk)] + reader.close():
        found += decoder.take(data)
    return found


def merged(events: Sequence[Event]) -> dict[str, Any]:
    """Return what clients put together of events."""
    deltas = [one for one in events if isinstance(one, Delta)]
    calls: dict[int, list[str]] = {}
    for fragment in [call for delta in deltas for call in delta.tool_calls or ()]:
        call = calls.setdefault(fragment["index"], ["", "", ""])
        function = fragment.get("function") or {}
        for place, part in enumerate((fragment.get("id"), function.get("name"), function.get("arguments"))):
            call[place] += part or ""
    return {
        "content": "".join(delta.content or "" for delta in deltas),
        "reasoning": "".join(delta.reasoning or "" for delta in deltas),
        "calls": [(name, json.loads(arguments)) for _, name, arguments in calls.values()],
        "ids": len({call[0] for call in calls.values()}),
        "finish": [one.reason for one in events if isinstance(one, Finished)],
        "usage": [one.usage for one in events if isinstance(one, Used)][-1:],
    }


@given(voices, said, st.data())
def test_every_split_of_the_bytes_gives_the_same_events(voice: Voice, answer: Said, data: st.DataObject):
    whole = b"".join(voice.stream(answer))
    expected = read(voice, [whole])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    split = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert read(voice, split) == expected
    assert read(voice, [whole[place : place + 1] for place in range(len(whole))]) == expected


@given(voices, said, st.sampled_from([b"\r\n", b"\r"]))
def test_every_end_of_lines_gives_the_same_events(voice: Voice, answer: Said, end: bytes):
    whole = b"".join(voice.stream(answer))
    assert read(voice, [b": a comment" + end, whole.replace(b"\n", end)]) == read(voice, [whole])


@given(voices, said)
def test_streamed_and_whole_answers_say_what_the_provider_said(voice: Voice, answer: Said):
    streamed = merged(read(voice, voice.stream(answer)))
    body = json.dumps(voice.whole(answer)).encode()
    assert merged(DIALECTS[voice.name].whole(body, Surface.CHAT)) == streamed
    calls = [piece for piece in answer.pieces if isinstance(piece, ToolCall)]
    assert streamed["content"] == "".join(piece.text for piece in answer.pieces if isinstance(piece, Text))
    assert streamed["reasoning"] == "".join(piece.text for piece in answer.pieces if isinstance(piece, Thought))
    assert streamed["calls"] == [(call.name, call.arguments) for call in calls]
    assert streamed["ids"] == len(calls)
    assert streamed["finish"] == [answer.finish]
    (used,) = streamed["usage"]
    count = answer.counts
    assert (used.prompt_tokens, used.completion_tokens) == (count.prompt, count.completion)
    assert (used.cached_tokens, used.reasoning_tokens) == (count.cached, count.thoughts)


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
@given(st.data())
def test_json_that_nobody_expects_raises_nothing_but_garbage(voice: Voice, data: st.DataObject):
    """Members of a real answer, replaced by anything."""
    answer = Said((Thought("Hm."), Text("So."), ToolCall("f", {"a": 1})), "tool_calls")
    bodies = [json.loads(one.split(b"data: ")[1]) for one in voice.stream(answer) if b"[DONE]" not in one]
    body = data.draw(st.sampled_from([voice.whole(answer), *bodies]))
    _disturb(body, data)
    dialect = DIALECTS[voice.name]
    for reading in (
        lambda: dialect.whole(json.dumps(body).encode(), Surface.CHAT),
        lambda: read(voice, [event(body)]),
    ):
        try:
            events = reading()
        except Garbage:
            continue
        assert all(isinstance(one, Event) for one in events)


def _disturb(body: Any, data: st.DataObject) -> None:
    """Replace one value somewhere inside."""
    while True:
        keys = list(body) if isinstance(body, dict) else list(range(len(body)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = body[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            body = inner
            continue
        body[key] = data.draw(values)
        return
