"""A listener that ends, and fronts that fail: whoever is being answered is heard, and others go on."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import AsyncGenerator

import pytest

from tests.server.http.callers import PATIENCE, request
from tests.server.http.listening import Front, Gate, Listening, asked, echo, eventually, listening
from trunkline.server.http.answer import Encoded
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream


class Slow:
    """Paths whose answers wait for the test: `/slow`, and `/stream` after its first piece."""

    def __init__(self) -> None:
        self.slow, self.stream, self.closed = Gate(), Gate(), threading.Event()
        self.front = Front(slow=self._slow, stream=self._stream)

    async def _slow(self, asked: Request) -> Encoded:
        await self.slow.passed()
        return echo(asked)

    async def _stream(self, _: Request) -> Stream:
        async def pieces() -> AsyncGenerator[bytes, None]:
            try:
                yield b"first"
                await self.stream.passed()
                yield b"last"
            finally:
                self.closed.set()

        return Stream(pieces())


def refused(server: Listening[Front]) -> bool:
    """Tell whether nobody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.port)) == errno.ECONNREFUSED


def test_who_is_under_way_is_heard_to_the_end_and_nobody_else():
    held = Slow()
    with (
        listening(held.front) as server,
        server.caller() as fresh,
        server.caller() as idle,
        server.caller() as heading,
        server.caller() as reading,
        server.caller() as slow,
        server.caller() as stream,
    ):
        idle.ask(b"GET /kept")
        heading.ask(b"GET /kept")
        slow.send(request(b"GET /slow"))
        stream.send(request(b"GET /stream"))
        assert (held.slow.reached.wait(PATIENCE), held.stream.reached.wait(PATIENCE)) == (True, True)
        stream.head()
        heading.send(b"GET /made HTTP/1.1\r\n")
        reading.send(request(b"POST /made", b"content-length: 4") + b"bo")
        eventually(lambda: sum(one._reader.under_way for one in server.listener._connections) == 2)

        ended = server.begin(server.listener.end(PATIENCE))
        assert (fresh.rest(), idle.rest(), heading.rest()) == (b"", b"", b"")
        eventually(lambda: refused(server))
        assert not ended.done()
        reading.send(b"dy")
        told = reading.reply()
        assert (asked(told)[1], told.headers["connection"], reading.rest()) == ("/made", "close", b"")
        held.slow.open(server)
        told = slow.reply()
        assert (asked(told)[1], told.headers["connection"], slow.rest()) == ("/slow", "close", b"")
        assert not ended.done()
        held.stream.open(server)
        assert [stream.chunk() for _ in range(3)] == [b"first", b"last", b""]
        assert stream.rest() == b""
        ended.result(PATIENCE)


def test_what_is_left_after_the_time_is_broken_off():
    held = Slow()
    with listening(held.front) as server, server.caller() as slow, server.caller() as stream:
        slow.send(request(b"GET /slow"))
        stream.send(request(b"GET /stream"))
        assert (held.slow.reached.wait(PATIENCE), held.stream.reached.wait(PATIENCE)) == (True, True)
        server.begin(server.listener.end(0.05)).result(PATIENCE)
        assert slow.rest() == b""
        assert not stream.rest().endswith(b"0\r\n\r\n")
        assert held.closed.wait(PATIENCE)


def test_what_waits_behind_the_last_answer_is_left_to_another_server():
    held = Slow()
    with listening(held.front) as server, server.caller() as caller:
        caller.send(request(b"GET /slow") + request(b"GET /kept"))
        assert held.slow.reached.wait(PATIENCE)
        ended = server.begin(server.listener.end(PATIENCE))
        eventually(lambda: server.listener.ending)
        held.slow.open(server)
        assert caller.reply().headers["connection"] == "close"
        assert caller.rest() == b""
        ended.result(PATIENCE)
        assert [one.path for one in held.front.asked] == [b"/slow"]


def test_a_listener_without_connections_ends_at_once():
    with listening() as server:
        server.caller().close()
        eventually(lambda: not server.listener._connections)
        server.begin(server.listener.end(600)).result(PATIENCE)


async def failing(_: Request) -> Encoded:
    raise ZeroDivisionError


def test_a_front_that_fails_is_a_500_and_the_connection_goes_on(caplog: pytest.LogCaptureFixture):
    with listening(Front(failing=failing)) as server, server.caller() as caller:
        caller.ask(b"GET /failing").error(500)
        assert asked(caller.ask(b"GET /made"))[1] == "/made"
    assert caplog.messages == ["request failed"]


async def cancelled(_: Request) -> Encoded:
    raise asyncio.CancelledError


def test_a_front_that_is_cancelled_out_of_the_blue_breaks_off_one_connection_and_others_go_on():
    with listening(Front(cancelled=cancelled)) as server, server.caller() as other:
        with server.caller() as caller:
            caller.send(request(b"GET /cancelled") + request(b"GET /made/behind"))
            assert caller.rest() == b""
        assert asked(other.ask(b"GET /made"))[1] == "/made"
        with server.caller() as again:
            assert asked(again.ask(b"GET /made"))[1] == "/made"
        assert b"/made/behind" not in [one.path for one in server.front.asked]


class Broken(Front):
    """Fails where it should be quick."""

    def limit(self, method: str, path: bytes) -> int:
        if path == b"/no-limit":
            raise ZeroDivisionError
        return super().limit(method, path)

    def kept(self, request: Request) -> Encoded | None:
        if request.path == b"/not-kept":
            raise ZeroDivisionError
        return super().kept(request)


@pytest.mark.parametrize("wish", [b"keep-alive", b"close"])
@pytest.mark.parametrize("line", [b"POST /no-limit", b"POST /not-kept"])
def test_a_front_that_fails_before_there_is_anything_to_await_is_a_500(
    line: bytes, wish: bytes, caplog: pytest.LogCaptureFixture
):
    with listening(Broken()) as server, server.caller() as caller:
        told = caller.ask(line, b"connection: " + wish, body=b"x")
        assert told.error(500)["message"] == "Internal Server Error"
        assert told.headers["connection"] == "close"
        assert caller.rest() == b""
        with server.caller() as other:
            assert asked(other.ask(b"GET /kept"))[1] == "/kept"
    assert caplog.messages == ["request failed"]


def test_who_is_told_of_a_500_keeps_nobody_by_beginning_another_request():
    with listening(Broken(), lingering=0.1) as server, server.caller() as caller:
        caller.send(request(b"GET /not-kept") + b"GET /kept HTTP/1.1\r\nhost:")
        caller.reply().error(500)
        eventually(lambda: not server.listener._connections)


def test_a_front_that_fails_for_one_that_waited_is_a_500_and_the_last_answer():
    with listening(Broken()) as server, server.caller() as caller:
        caller.send(request(b"GET /made") + request(b"GET /not-kept") + request(b"GET /kept"))
        assert asked(caller.reply())[1] == "/made"
        caller.reply().error(500)
        assert caller.rest() == b""
