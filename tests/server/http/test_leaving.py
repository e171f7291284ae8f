"""Callers who leave before they are answered: noticed at once, and worth no word in the log."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.server.http.callers import PATIENCE, request
from tests.server.http.listening import Front, Gate, asked, echo, eventually, listening
from trunkline.server.http.answer import Encoded, Pieces
from trunkline.server.http.connection import MOST_WAITING
from trunkline.server.http.presence import Presence
from trunkline.server.http.request import Request

ITEMS = [b"x" * 300_000] * 3
BODIES = {"short": b"{}", "long": b"x" * 500_000, "in pieces": Pieces(b"[", ITEMS, b"]")}


class Slow(Front):
    """Answers `/slow` when the gate is open: with `made`, or else with what was asked."""

    def __init__(self, made: Encoded | None = None) -> None:
        super().__init__(slow=self._slow)
        self.gate = Gate()
        self._answer = made

    async def _slow(self, asked: Request) -> Encoded:
        await self.gate.passed()
        return self._answer or echo(asked)


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("kind", BODIES)
def test_who_leaves_before_its_answer_is_ready_costs_no_word(
    kind: str, crowded: bool, caplog: pytest.LogCaptureFixture
):
    body = BODIES[kind]
    front = Slow(Encoded(200, body, b"", b"content-length: %d\r\n" % len(body)))
    with listening(front) as server:
        with server.caller() as caller:
            caller.send(request(b"GET /slow"))
            assert front.gate.reached.wait(PATIENCE)
        eventually(front.asked[0].presence.gone)
        server.do(lambda: setattr(server.listener.departures, "crowded", crowded))
        front.gate.open(server)
        eventually(lambda: not server.listener._connections)
        with server.caller() as other:
            assert asked(other.ask(b"GET /made"))[1] == "/made"
    assert caplog.messages == []


class Held(Pieces):
    """Three pieces, of which the second takes until the test lets it go."""

    reached, let = threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield b"first"
        self.reached.set()
        assert self.let.wait(PATIENCE)
        yield b"second"
        yield b"third"


@pytest.mark.parametrize("crowded", [False, True])
def test_who_leaves_between_two_pieces_costs_no_word(crowded: bool, caplog: pytest.LogCaptureFixture):
    Held.reached.clear()
    Held.let.clear()

    async def held(_: Request) -> Encoded:
        return Encoded(200, Held(b"", [], b""), b"", b"content-length: 16\r\n")

    front = Front(held=held)
    with listening(front) as server:
        with server.caller() as caller:
            caller.send(request(b"GET /held"))
            caller.head()
            assert Held.reached.wait(PATIENCE)
        eventually(front.asked[0].presence.gone)
        server.do(lambda: setattr(server.listener.departures, "crowded", crowded))
        server.do(Held.let.set)
        eventually(lambda: not server.listener._connections)
    assert caplog.messages == []


async def missed(presence: Presence) -> None:
    await presence.left


@pytest.mark.parametrize("waiting", [1, MOST_WAITING])
def test_who_leaves_is_noticed_while_its_first_answer_is_made_and_others_wait(waiting: int):
    front = Slow()
    with listening(front) as server:
        with server.caller() as caller:
            caller.send(request(b"GET /slow") + request(b"POST /made", body=b"x") * waiting)
            assert front.gate.reached.wait(PATIENCE)
            (connection,) = server.listener._connections
            eventually(lambda: len(connection._waiting) == waiting)
            missing = server.begin(missed(front.asked[0].presence))
            assert not missing.done()
        missing.result(PATIENCE)
        front.gate.open(server)
        eventually(lambda: not server.listener._connections)
        assert [one.path for one in front.asked] == [b"/slow"]


def test_no_more_is_read_while_too_many_wait_and_then_again():
    front, count = Slow(), MOST_WAITING + 1
    with listening(front) as server, server.caller() as caller:
        caller.send(request(b"GET /slow"))
        assert front.gate.reached.wait(PATIENCE)
        (connection,) = server.listener._connections
        transport = connection._transport
        assert transport.is_reading()
        caller.send(b"".join(request(b"GET /made/%d" % number) for number in range(count)))
        eventually(lambda: not transport.is_reading())
        assert len(connection._waiting) == count
        caller.send(b"".join(request(b"GET /made/%d" % number) for number in range(count, 2 * count)))
        front.gate.open(server)
        assert asked(caller.reply())[1] == "/slow"
        assert [asked(caller.reply())[1] for _ in range(2 * count)] == [f"/made/{n}" for n in range(2 * count)]
        assert asked(caller.ask(b"GET /kept"))[1] == "/kept"
        eventually(transport.is_reading)
