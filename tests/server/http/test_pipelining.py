"""Requests that come before the last one was answered: each in its turn, and no more of them than are taken."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.server.http.callers import PATIENCE, request
from tests.server.http.listening import Front, Gate, asked, echo, eventually, listening
from trunkline.server.http.answer import Encoded
from trunkline.server.http.request import Request

MANY = 3_000


@pytest.mark.parametrize("kinds", [("kept",), ("made",), ("kept", "made"), ("made", "kept", "kept")])
def test_thousands_in_one_write_are_answered_in_their_order(kinds: tuple[str, ...]):
    paths = [f"/{kinds[number % len(kinds)]}/{number}" for number in range(MANY)]
    with listening() as server, server.caller() as caller:
        sent = b"".join(request(f"GET {path}".encode()) for path in paths)
        writer = threading.Thread(target=caller.send, args=(sent,))
        writer.start()
        assert [asked(caller.reply())[1] for _ in paths] == paths
        writer.join(PATIENCE)


def test_those_who_ask_for_much_at_once_hold_up_nobody_else():
    order: list[str] = []

    async def at_once(asked: Request) -> Encoded:
        if not order:
            asyncio.get_running_loop().call_soon(order.append, "another")
        order.append(asked.query.decode())
        return echo(asked)

    with listening(Front(once=at_once)) as server, server.caller() as caller:
        caller.send(b"".join(request(f"GET /once?{number}".encode()) for number in range(4)))
        for _ in range(4):
            caller.reply()
    assert sorted(order) == ["0", "1", "2", "3", "another"]
    assert order.index("another") < 3


@pytest.mark.parametrize("path", ["kept", "made"])
def test_those_behind_a_slow_one_wait_for_it_and_those_of_others_do_not(path: str):
    gate = Gate()

    async def slow(asked: Request) -> Encoded:
        await gate.passed()
        return echo(asked)

    with listening(Front(slow=slow)) as server, server.caller() as caller, server.caller() as other:
        caller.send(request(b"POST /slow", body=b"1"))
        assert gate.reached.wait(PATIENCE)
        # In the same write, in the next, and in two halves.
        caller.send(b"".join(request(f"GET /{path}/{number}".encode()) for number in (2, 3)))
        caller.send(request(f"POST /{path}/4".encode(), body=b"4")[:-40])
        caller.send(request(f"POST /{path}/4".encode(), body=b"4")[-40:] + request(b"GET /kept/5"))
        assert asked(other.ask(b"GET /made/other"))[1] == "/made/other"
        assert [one.path for one in server.front.asked] == [b"/slow", b"/made/other"]
        gate.open(server)
        said = [asked(caller.reply()) for _ in range(5)]
        assert [one[1] for one in said] == ["/slow", f"/{path}/2", f"/{path}/3", f"/{path}/4", "/kept/5"]
        assert said[3][2] == "4"


def test_a_mistake_is_told_when_its_turn_comes_and_ends_the_connection():
    gate = Gate()

    async def slow(asked: Request) -> Encoded:
        await gate.passed()
        return echo(asked)

    with listening(Front(slow=slow), lingering=600) as server, server.caller() as caller:
        caller.send(request(b"GET /slow") + request(b"GET /kept/2") + b"nonsense\r\n\r\n" + request(b"GET /kept/3"))
        assert gate.reached.wait(PATIENCE)
        gate.open(server)
        assert [asked(caller.reply())[1] for _ in range(2)] == ["/slow", "/kept/2"]
        assert caller.reply().error(400)
        assert caller.rest() == b""
        # It was listening for nothing but the caller's end.
        caller.close()
        eventually(lambda: not server.listener._connections)


def test_what_waits_when_the_connection_breaks_off_is_not_done():
    gate = Gate()

    async def broken(_: Request) -> Encoded:
        await gate.passed()
        raise asyncio.CancelledError

    with listening(Front(broken=broken)) as server, server.caller() as caller:
        caller.send(request(b"GET /broken") + request(b"POST /made", body=b"dear") + request(b"GET /kept"))
        assert gate.reached.wait(PATIENCE)
        gate.open(server)
        assert caller.rest() == b""
        eventually(lambda: not server.listener._connections)
        assert [one.path for one in server.front.asked] == [b"/broken"]


@pytest.mark.parametrize("path", [b"/kept", b"/large"])
def test_a_caller_who_asks_on_and_takes_nothing_is_not_answered_into_memory(path: bytes):
    front = Front()
    front.kept_answers[b"/large"] = Encoded(200, b"x" * 500_000, b"", b"content-length: 500000\r\n")
    with listening(front) as server, server.caller(taking=4096) as caller:
        caller.socket.settimeout(0.5)  # nothing is taken out of the socket: the system's own bounds are reached
        caller.push(request(b"GET " + path) * 500)
        answered = len(front.asked)
        caller.socket.settimeout(PATIENCE)
        for _ in range(answered + 1):
            assert caller.reply().status == 200


def test_a_caller_who_asks_on_and_takes_nothing_is_given_up():
    with listening(taking=0.2) as server, server.caller(taking=4096) as caller:
        caller.push(request(b"GET /kept") * 500)
        eventually(lambda: not server.listener._connections)
