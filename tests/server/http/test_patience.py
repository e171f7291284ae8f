"""Who is too slow, too long or silent is given up, and told why where there is somebody to tell."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator

import pytest

from tests.server.http.callers import PATIENCE, Caller, chunks, request
from tests.server.http.listening import LIMIT, Front, Gate, asked, echo, eventually, listening
from trunkline.server.http.answer import Encoded
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream

SHORT = 0.1


def refused(caller: Caller, status: int) -> None:
    """Check that a caller is told of an error, and that it ends the connection."""
    told = caller.reply()
    told.error(status)
    assert told.headers["connection"] == "close"
    assert caller.rest() == b""


def test_a_body_that_says_that_it_is_too_long_is_refused_at_its_head():
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /made", b"content-length: %d" % (LIMIT + 1)))
        refused(caller, 413)
    with listening() as server, server.caller() as caller:
        assert len(asked(caller.ask(b"POST /made", body=b"x" * LIMIT))[2]) == LIMIT


@pytest.mark.parametrize("piece", [1, 30, 100])
def test_a_body_in_chunks_is_refused_where_it_gets_too_long(piece: int):
    whole = chunks(*[b"x" * piece] * (100 // piece))
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /small", b"transfer-encoding: chunked", body=whole))
        assert len(asked(caller.reply())[2]) == 100 // piece * piece
        longer = chunks(*[b"x" * piece] * (100 // piece + 1))[:-5]  # its end never comes
        caller.send(request(b"POST /small", b"transfer-encoding: chunked", body=longer))
        refused(caller, 413)


@pytest.mark.parametrize("header", [b"content-length: 20000000", b"transfer-encoding: chunked"])
def test_who_goes_on_sending_what_is_too_long_can_read_that_it_is(header: bytes):
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /made", header))
        for _ in range(200):
            caller.send(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        refused(caller, 413)
        assert not server.front.asked


def test_who_goes_on_sending_for_ever_is_cut_off():
    with listening(lingering=SHORT) as server, server.caller() as caller:
        caller.send(request(b"POST /made", b"content-length: 100000000000"))
        caller.push(b"x" * 100_000)
        eventually(lambda: not server.listener._connections)


@pytest.mark.parametrize("sent", [b"G", b"GET /kept HTTP/1.1\r\nhost: ", b"GET /kept HTTP/1.1\r\nhost: a\r\n"])
def test_a_head_that_does_not_come_to_its_end_is_told_so(sent: bytes):
    with listening(head=SHORT) as server:
        with server.caller() as caller:
            caller.send(sent)
            refused(caller, 408)
        with server.caller() as caller:
            # The second head of a connection has a beginning of its own.
            caller.ask(b"GET /kept")
            caller.send(sent)
            refused(caller, 408)


@pytest.mark.parametrize(
    "sent",
    [
        request(b"POST /made", b"content-length: 10") + b"half",
        request(b"POST /made", b"transfer-encoding: chunked") + b"5\r\nhalf",
        request(b"POST /made", b"transfer-encoding: chunked") + b"4\r\nhalf\r\n0\r\n",
    ],
)
def test_a_body_that_does_not_go_on_is_told_so(sent: bytes):
    with listening(body=SHORT) as server, server.caller() as caller:
        caller.send(sent)
        refused(caller, 408)
        assert not server.front.asked


@pytest.mark.parametrize("path", [b"/kept", b"/made"])
def test_a_connection_that_nobody_uses_is_closed_without_a_word(path: bytes):
    with listening(idle=SHORT) as server, server.caller() as caller:
        assert asked(caller.ask(b"GET " + path))[1] == path.decode()
        assert caller.rest() == b""


def test_a_connection_that_was_never_used_is_closed_without_a_word():
    with listening(head=SHORT) as server, server.caller() as caller:
        assert caller.rest() == b""
        assert not server.front.asked


def test_an_answer_that_takes_its_time_is_waited_for():
    gate = Gate()

    async def slow(asked: Request) -> Encoded:
        await gate.passed()
        return echo(asked)

    short = {"head": SHORT, "body": SHORT, "idle": SHORT, "taking": SHORT}
    with listening(Front(slow=slow), **short) as server, server.caller() as caller, server.caller() as other:
        caller.send(request(b"GET /slow"))
        assert gate.reached.wait(PATIENCE)
        assert other.rest() == b""  # the looks that closed this one have passed that one by
        gate.open(server)
        assert asked(caller.reply())[1] == "/slow"


def test_who_takes_nothing_of_a_stream_is_given_up_and_the_stream_is_closed():
    closed = threading.Event()

    async def endless(_: Request) -> Stream:
        async def pieces() -> AsyncGenerator[bytes, None]:
            try:
                while True:
                    yield b"x" * 50_000
            finally:
                closed.set()

        return Stream(pieces())

    with listening(Front(endless=endless), taking=SHORT) as server, server.caller(taking=4096) as caller:
        caller.send(request(b"GET /endless"))
        assert closed.wait(PATIENCE)
        eventually(lambda: not server.listener._connections)


@pytest.mark.parametrize("length", [50_000, 20_000_000])
@pytest.mark.parametrize("path", [b"/kept_one", b"/made_one"])
def test_who_takes_nothing_of_the_last_answer_is_given_up(path: bytes, length: int):
    async def made_one(_: Request) -> Encoded:
        return front.kept_answers[b"/kept_one"]

    front = Front(made_one=made_one)
    front.kept_answers[b"/kept_one"] = Encoded(200, b"x" * length, b"", b"content-length: %d\r\n" % length)
    with listening(front, taking=SHORT, idle=SHORT) as server, server.caller(taking=4096) as caller:
        caller.send(request(b"GET " + path, b"connection: close"))
        eventually(lambda: front.asked)
        eventually(lambda: not server.listener._connections)


def test_who_takes_little_by_little_is_waited_for_and_who_stops_is_not():
    front = Front()
    front.kept_answers[b"/long"] = Encoded(200, b"x" * 40_000_000, b"", b"content-length: 40000000\r\n")
    with listening(front, look=600, taking=120) as server, server.caller(taking=4096) as caller:
        caller.send(request(b"GET /long"))
        eventually(lambda: any(one.drained is not None for one in server.listener._connections))
        (connection,) = server.listener._connections
        now = server.listener.now

        async def look() -> int:
            connection.look(now)
            return connection._transport.get_write_buffer_size()

        for _ in range(5):
            unsent = server.begin(look()).result(PATIENCE)
            while connection._transport.get_write_buffer_size() == unsent:
                assert caller.socket.recv(100_000)
            now += 100  # less than `taking`, and all of them more
        assert server.begin(look()).result(PATIENCE)
        assert connection in server.listener._connections

        def given_up() -> bool:
            nonlocal now
            now += 120
            server.begin(look()).result(PATIENCE)
            return not server.listener._connections

        eventually(given_up)
