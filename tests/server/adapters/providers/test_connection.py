"""One connection as its bytes come and go: whatever the pieces, one answer, and nothing of it left for the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upstream.answers import END, STREAM_HEAD, chunked
from trunkline.server.adapters.providers.connection import AHEAD, LARGEST_HEAD, Broken, Connection, TooLong
from trunkline.server.adapters.providers.watch import Watch
from trunkline.server.departures import Departures

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LATER = float("inf")
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 5\r\n\r\nHello"
EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\nx-early: 1\r\n\r\n"
CHUNKS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunked(b"Hel") + chunked(b"lo") + END
FORGIVEN = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 3\n\n3  \r\nHel\r\n2\r\nlo\r\n" + END
ANSWERS = {"forgiven": FORGIVEN, "length": HELLO, "chunks": CHUNKS, "hints": EARLY + EARLY + HELLO}


class Wire(asyncio.Transport):
    """A transport that keeps what is written, and says what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.paused = False
        self.aborted = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.aborted.is_set()

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def abort(self) -> None:
        self.aborted.set()


class Laid:
    """A connection over such a transport; `free` and `gone` are what it told its owner."""

    def __init__(self) -> None:
        self.free: list[Connection] = []
        self.gone: list[Connection] = []
        self.wire = Wire()
        self.connection = Connection("127.0.0.1", self.free.append, self.gone.append, Departures())
        self.connection.connection_made(self.wire)

    @property
    def usable(self) -> bool:
        """Whether it waits for another request."""
        return bool(self.free) and not self.wire.aborted.is_set()


def laid(test: Callable[[Laid], Awaitable[None]]) -> None:
    """Run a test over a connection."""

    async def run() -> None:
        await test(Laid())

    asyncio.run(run())


def asked(line: Laid) -> asyncio.Future[None]:
    return line.connection.ask(REQUEST, LATER, LATER, LATER)


@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.integers(0, 200), max_size=6))
def test_an_answer_is_the_same_wherever_its_bytes_are_cut(kind: str, places: list[int]):
    answer = ANSWERS[kind]
    cuts = [0, *sorted(place % len(answer) for place in places), len(answer)]

    async def test(line: Laid) -> None:
        for pieces in (
            [answer[start:end] for start, end in pairwise(cuts)],
            [answer[at : at + 1] for at in range(len(answer))],
        ):
            arrival = asked(line)
            for piece in pieces:
                line.connection.data_received(piece)
            await arrival
            assert (line.connection.status, line.connection.complete) == (200, True)
            assert b"x-early" not in line.connection.headers()
            assert line.connection.take() == b"Hello"
            line.connection.release()
            assert line.usable

    laid(test)


def test_names_of_headers_are_told_in_small_letters_and_the_first_of_several_counts():
    async def test(line: Laid) -> None:
        arrival = asked(line)
        line.connection.data_received(
            b"HTTP/1.1 429 No\r\nRetry-After: 3\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
        )
        await arrival
        assert line.connection.headers()[b"retry-after"] == b"3"

    laid(test)


@pytest.mark.parametrize("more", [HELLO, b"more of it", HELLO[:20], EARLY])
@pytest.mark.parametrize("together", [True, False])
def test_a_connection_on_which_more_comes_than_an_answer_is_not_used_again(more: bytes, together: bool):
    async def test(line: Laid) -> None:
        arrival = asked(line)
        for piece in (HELLO + more,) if together else (HELLO, more):
            line.connection.data_received(piece)
        await arrival
        assert (line.connection.status, line.connection.take()) == (200, b"Hello")
        assert b"x-early" not in line.connection.headers()
        line.connection.release()
        assert line.wire.aborted.is_set()
        assert not line.free

    laid(test)


def test_a_connection_that_speaks_unasked_is_closed():
    async def test(line: Laid) -> None:
        line.connection.data_received(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
        assert line.wire.aborted.is_set()
        assert line.gone == [line.connection]

    laid(test)


@pytest.mark.parametrize(
    ("head", "again"),
    [
        ("HTTP/1.1 200 OK|content-length: 5", True),
        ("HTTP/1.1 200 OK|content-length: 5|connection: close", False),
        ("HTTP/1.0 200 OK|content-length: 5", False),
        ("HTTP/1.0 200 OK|content-length: 5|connection: keep-alive", True),
    ],
)
def test_a_connection_is_kept_where_its_provider_keeps_it(head: str, again: bool):
    async def test(line: Laid) -> None:
        arrival = asked(line)
        line.connection.data_received(head.replace("|", "\r\n").encode() + b"\r\n\r\nHello")
        await arrival
        assert line.connection.take() == b"Hello"
        line.connection.release()
        assert line.usable is again

    laid(test)


def test_an_answer_that_comes_before_its_request_was_sent_ends_its_connection():
    async def test(line: Laid) -> None:
        arrival = asked(line)
        line.wire.unsent = 1000
        line.connection.data_received(HELLO)
        await arrival
        line.connection.release()
        assert not line.usable

    laid(test)


@pytest.mark.parametrize(
    ("head", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nHello", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHello", False),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHello\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (EARLY, False),
        (b"", False),
    ],
)
def test_a_body_ends_with_its_connection_only_where_it_has_no_other_end(head: bytes, whole: bool):
    async def test(line: Laid) -> None:
        arrival = asked(line)
        line.connection.data_received(head)
        line.connection.connection_lost(None)
        await arrival
        assert line.connection.complete is whole
        assert isinstance(line.connection.fault, Broken) is not whole

    laid(test)


def test_a_reset_is_no_end_of_a_body():
    async def test(line: Laid) -> None:
        arrival = asked(line)
        line.connection.data_received(b"HTTP/1.1 200 OK\r\n\r\nHello")
        line.connection.connection_lost(ConnectionResetError())
        await arrival
        assert isinstance(line.connection.fault, Broken)

    laid(test)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nx: " + b"y" * LARGEST_HEAD, EARLY * (LARGEST_HEAD // 50)])
def test_a_head_has_its_bounds(head: bytes):
    async def test(line: Laid) -> None:
        arrival = asked(line)
        for start in range(0, len(head), 1000):
            line.connection.data_received(head[start : start + 1000])
            if arrival.done():
                break
        await arrival
        assert isinstance(line.connection.fault, Broken)
        assert line.wire.aborted.is_set()

    laid(test)


def test_the_body_of_an_error_has_its_bounds():
    async def test(line: Laid) -> None:
        arrival = asked(line)
        line.connection.data_received(b"HTTP/1.1 500 No\r\n\r\n")
        while not arrival.done():
            line.connection.data_received(b"x" * 10_000)
        assert isinstance(line.connection.fault, TooLong)

    laid(test)


def test_a_stream_that_nobody_takes_is_read_no_further():
    async def test(line: Laid) -> None:
        arrival = line.connection.stream(REQUEST, LATER)
        line.connection.data_received(STREAM_HEAD)
        await arrival
        sent = 0
        while not line.wire.paused:
            line.connection.data_received(chunked(b"x" * 10_000))
            sent += 10_000
        assert AHEAD - 10_000 <= sent <= AHEAD + 10_000
        assert line.connection.take() == b"x" * sent
        assert not line.wire.paused

    laid(test)


def test_what_is_left_of_a_stream_is_read_before_the_connection_serves_again():
    async def test(line: Laid) -> None:
        arrival = line.connection.stream(REQUEST, LATER)
        line.connection.data_received(STREAM_HEAD + chunked(b"data: [DONE]\n\n"))
        await arrival
        assert line.connection.take() == b"data: [DONE]\n\n"
        line.connection.release()
        assert not line.free
        line.connection.data_received(chunked(b"x" * 100))
        line.connection.data_received(END)
        assert line.usable
        arrival = asked(line)
        line.connection.data_received(HELLO)
        await arrival
        assert line.connection.take() == b"Hello"

    laid(test)


def test_who_waits_too_long_is_told_and_who_reads_slowly_is_not():
    async def test(line: Laid) -> None:
        watch = Watch()
        arrival = line.connection.stream(REQUEST, LATER)
        watch.add(line.connection)
        line.connection.data_received(STREAM_HEAD)
        await arrival
        line.connection.limit = 0.0
        line.connection.overdue()
        assert line.connection.fault is None
        await line.connection.more(0.0)
        assert isinstance(line.connection.fault, TimeoutError)
        assert line.wire.aborted.is_set()
        await watch.close()

    laid(test)


def test_a_connection_that_nobody_uses_is_closed_in_time():
    async def test(line: Laid) -> None:
        watch = Watch()
        line.connection.limit = 0.0
        watch.add(line.connection)
        await line.wire.aborted.wait()
        assert line.gone == [line.connection]
        await watch.close()

    laid(test)
