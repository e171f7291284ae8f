"""Events out of bytes: the same whatever the pieces, and never more kept than allowed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.adapters.providers.sse import EventReader, EventTooLong

lines = st.sampled_from(
    [
        b"data: a",
        b"data:b",
        b"data:  c",
        b"data",
        b": comment",
        b":",
        b"event: x",
        b"id: 1",
        b"retry: 5",
        b"",
        b"<html>",
        b"data: \xc3\xbc",
    ]
)
newlines = st.sampled_from([b"\n", b"\r\n", b"\r"])


def read(pieces: list[bytes]) -> list[bytes]:
    reader = EventReader()
    found = [event for piece in pieces for event in reader.feed(piece)]
    return found + reader.close()


@given(st.lists(lines), newlines, st.lists(st.integers(0, 400)))
def test_events_are_the_same_wherever_the_stream_is_cut(said, newline, cuts):
    body = newline.join(said)
    expected, data = [], []
    for line in [*said, b""]:
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            expected.append(b"\n".join(data))
            data = []
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    assert read([body[a:b] for a, b in pairwise(places)]) == expected
    assert read([body]) == expected
    assert read([bytes([byte]) for byte in body]) == expected


def test_a_line_without_data_is_a_line_of_the_event_that_follows():
    assert read([b"data:\n", b"data: a\n\n"]) == [b"\na"]


def test_a_byte_order_mark_is_passed_over():
    assert read([b"\xef\xbb\xbfdata: a\n\n"]) == [b"a"]


@pytest.mark.parametrize("piece", [b"x" * 60, b"data: " + b"x" * 54 + b"\n", b": comment without an end " * 3])
def test_no_more_is_kept_than_allowed(piece):
    reader = EventReader(longest=100)
    reader.feed(piece)
    with pytest.raises(EventTooLong):
        reader.feed(piece)


def test_what_has_been_read_does_not_count():
    reader = EventReader(longest=100)
    for _ in range(100):
        assert reader.feed(b"data: " + b"x" * 50 + b"\n\n") == [b"x" * 50]
        assert reader.feed(b": a comment of some length\n\n") == []
