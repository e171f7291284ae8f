"""What a reader holds while it reads."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from tests.server.http.callers import chunks, request
from trunkline.server.http.presence import Presence
from trunkline.server.http.reader import Reader, Turn
from trunkline.server.http.request import Request

SIZE, PACKET = 1_000_000, 64 * 1024


@pytest.mark.slow
@pytest.mark.parametrize("piece", [1, 2])
def test_a_body_in_the_smallest_chunks_takes_no_many_times_its_size(piece: int):
    body, turns = random.Random(piece).randbytes(SIZE), list[Turn]()
    framed = chunks(*[body[start : start + piece] for start in range(0, SIZE, piece)])
    sent = request(b"POST /", b"transfer-encoding: chunked", body=framed)
    packets = [sent[start : start + PACKET] for start in range(0, len(sent), PACKET)]
    reader = Reader(turns.append, lambda method, path: SIZE, Presence())
    tracemalloc.start()
    try:
        for packet in packets:
            reader.feed(packet)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    ((what, _, _),) = turns
    assert isinstance(what, Request)
    assert what.body == body
    assert most < 4 * SIZE
    assert (reader.count, reader.size) == (1, SIZE)


def test_what_was_read_is_kept_by_nobody_who_waits_for_the_next_request():
    turns = list[Turn]()
    reader = Reader(turns.append, lambda method, path: SIZE, Presence())
    tracemalloc.start()
    try:
        reader.feed(request(b"POST /", b"authorization: Bearer secret", body=bytes(SIZE)))
        assert len(turns) == 1
        turns.clear()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < SIZE / 10
