"""Answers that are still being made: framed for who understands it, no faster than taken, closed when nobody hears."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import pytest

from tests.server.http.callers import PATIENCE, request
from tests.server.http.listening import Front, Gate, Made, asked, eventually, listening
from trunkline.server.http.presence import Presence
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream

PIECES = (b"data: 1\n\n", b"data: 2\n\n" * 10_000, b"data: 3\n\n")


def streaming(
    pieces: Callable[[], AsyncIterator[bytes]], closed: threading.Event | None = None, **more: object
) -> Made:
    """Return what answers with a stream of pieces; `closed` is set when their generator is."""

    async def made(_: Request) -> Stream:
        async def each() -> AsyncGenerator[bytes, None]:
            try:
                async for piece in pieces():
                    yield piece
            finally:
                if closed is not None:
                    closed.set()

        return Stream(each(), **more)  # type: ignore[arg-type]

    return made


async def three() -> AsyncGenerator[bytes, None]:
    """Yield pieces, two of them without a pause."""
    yield PIECES[0]
    await asyncio.sleep(0)
    yield PIECES[1]
    yield PIECES[2]


async def none() -> AsyncGenerator[bytes, None]:
    """Yield nothing."""
    for piece in list[bytes]():
        yield piece


def test_each_piece_is_a_chunk_and_the_connection_goes_on():
    front = Front(three=streaming(three, headers=((b"x-id", b"1"),)), none=streaming(none))
    with listening(front) as server, server.caller() as caller:
        for _ in range(2):
            caller.send(request(b"POST /three", body=b"{}"))
            status, headers = caller.head()
            assert (status, headers["x-id"], headers["transfer-encoding"]) == (200, "1", "chunked")
            assert headers["content-type"] == "text/event-stream; charset=utf-8"
            assert [caller.chunk() for _ in range(4)] == [*PIECES, b""]
        assert caller.ask(b"GET /none").body == b""
        assert asked(caller.ask(b"GET /kept"))[1] == "/kept"


def test_those_in_a_row_keep_their_order():
    with listening(Front(three=streaming(three))) as server, server.caller() as caller:
        caller.send((request(b"GET /three") + request(b"GET /kept") + request(b"GET /made")) * 3)
        for _ in range(3):
            assert caller.reply().body == b"".join(PIECES)
            assert [asked(caller.reply())[1] for _ in range(2)] == ["/kept", "/made"]


@pytest.mark.parametrize("headers", [(), (b"connection: keep-alive",)])
def test_a_caller_of_http_1_0_gets_it_unframed_and_then_the_end(headers: tuple[bytes, ...]):
    front = Front(three=streaming(three), none=streaming(none))
    with listening(front) as server:
        for path, body in ((b"/three", b"".join(PIECES)), (b"/none", b"")):
            with server.caller() as caller:
                caller.send(request(b"GET " + path, *headers, version=b"1.0") + request(b"GET /kept"))
                told = caller.reply()
                assert "transfer-encoding" not in told.headers
                assert (told.headers["connection"], told.body) == ("close", body)
                assert b"/kept" not in [one.path for one in front.asked]


def test_a_silent_stream_says_that_it_is_alive_until_it_goes_on():
    gate = Gate()

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await gate.passed()
        yield b"last"

    front = Front(silent=streaming(pieces, alive=(b": alive\n\n", 0.02)))
    with listening(front) as server, server.caller() as caller:
        caller.send(request(b"GET /silent"))
        caller.head()
        assert [caller.chunk() for _ in range(4)] == [b"first", *[b": alive\n\n"] * 3]
        gate.open(server)
        said = [piece for piece in iter(caller.chunk, b"") if piece != b": alive\n\n"]
        assert said == [b"last"]


def test_no_more_is_made_than_is_taken():
    made = [0]

    async def pieces() -> AsyncGenerator[bytes, None]:
        for _ in range(2_000):
            made[0] += 1
            yield b"x" * 50_000

    with listening(Front(much=streaming(pieces))) as server, server.caller(taking=4096) as caller:
        caller.send(request(b"GET /much"))
        eventually(lambda: any(one.drained is not None for one in server.listener._connections))
        assert made[0] < 1_000, "the rest would have to lie in memory"
        assert len(caller.reply().body) == 100_000_000
        assert made[0] == 2_000


def test_a_caller_who_leaves_is_missed_and_the_stream_is_closed_at_once():
    gate, closed, presence = Gate(), threading.Event(), list[Presence]()

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await gate.passed()

    inner = streaming(pieces, closed)

    async def noting(asked: Request) -> object:
        presence.append(asked.presence)
        return await inner(asked)

    with listening(Front(left=noting)) as server:  # type: ignore[arg-type]
        with server.caller() as caller:
            caller.send(request(b"GET /left"))
            caller.head()
            assert caller.chunk() == b"first"
            assert gate.reached.wait(PATIENCE)
            assert not presence[0].gone()
        assert closed.wait(PATIENCE)
        assert presence[0].gone()
        eventually(lambda: not server.listener._connections)


def test_whoever_makes_an_answer_can_wait_for_its_caller_to_leave():
    begun, told = threading.Event(), threading.Event()

    async def waiting(asked: Request) -> Stream:
        begun.set()
        await asked.presence.left
        told.set()
        return Stream(none())

    with listening(Front(waiting=waiting)) as server:
        with server.caller() as caller:
            caller.send(request(b"GET /waiting"))
            assert begun.wait(PATIENCE)
            assert not told.is_set()
        assert told.wait(PATIENCE)


def test_a_stream_that_fails_breaks_off_and_is_not_taken_for_whole():
    closed = threading.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"first"
        raise ZeroDivisionError

    with listening(Front(failing=streaming(pieces, closed))) as server, server.caller() as caller:
        caller.send(request(b"GET /failing") + request(b"GET /kept"))
        # It may be cut off before its beginning was sent: what it must not have is an end.
        assert b"0\r\n\r\n" not in caller.rest()
        assert closed.wait(PATIENCE)
        assert [one.path for one in server.front.asked] == [b"/failing"]


def test_a_header_with_the_end_of_a_line_in_it_is_not_sent():
    closed = threading.Event()
    front = Front(split=streaming(three, closed, headers=((b"x-id", b"1\r\nset-cookie: a=b"),)))
    with listening(front) as server, server.caller() as caller:
        caller.send(request(b"GET /split"))
        assert caller.rest() == b""
        assert closed.wait(PATIENCE)
