"""What a listener that ends still does for those who are there, and for those who have left."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.server.http.callers import PATIENCE, request
from tests.server.http.listening import Front, Gate, Listening, asked, echo, eventually, listening
from trunkline.server.http.answer import Encoded
from trunkline.server.http.request import Request


@pytest.mark.parametrize("path", [b"/kept", b"/made"])
def test_of_what_comes_with_the_end_of_a_request_nothing_is_done(path: bytes):
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST " + path, b"content-length: 4") + b"bo")
        eventually(lambda: any(one._reader.size for one in server.listener._connections))
        ended = server.begin(server.listener.end(PATIENCE))
        eventually(lambda: server.listener.ending)
        caller.send(b"dy" + request(b"POST /made/behind", body=b"dear") + request(b"GET /kept/behind"))
        told = caller.reply()
        assert (asked(told), told.headers["connection"]) == (("POST", path.decode(), "body"), "close")
        assert caller.rest() == b""
        ended.result(PATIENCE)
        assert [one.path for one in server.front.asked] == [path]


class Working(Front):
    """Works at `/work` until it is let go or cancelled, and then cleans up for some seconds."""

    def __init__(self, cleaning: float) -> None:
        super().__init__(work=self._work)
        self.gate, self.finished, self.cancelled, self.cleaned = Gate(), *(threading.Event() for _ in range(3))
        self._cleaning = cleaning

    async def _work(self, asked: Request) -> Encoded:
        try:
            await self.gate.passed()
            self.finished.set()
            return echo(asked)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            await asyncio.sleep(self._cleaning)
            self.cleaned.set()


def left(server: Listening[Working]) -> None:
    """Have a caller ask for work and leave, and be missed."""
    with server.caller() as caller:
        caller.send(request(b"GET /work"))
        assert server.front.gate.reached.wait(PATIENCE)
    eventually(server.front.asked[0].presence.gone)


def test_work_for_a_caller_who_has_left_is_waited_for():
    with listening(Working(0)) as server:
        left(server)
        ended = server.begin(server.listener.end(PATIENCE))
        eventually(lambda: server.listener.ending)
        server.front.gate.open(server)
        ended.result(PATIENCE)
        assert (server.front.finished.is_set(), server.front.cancelled.is_set()) == (True, False)


def test_work_for_a_caller_who_has_left_is_cancelled_in_the_end_and_cleans_up():
    with listening(Working(0.1)) as server:
        left(server)
        server.begin(server.listener.end(0)).result(PATIENCE)
        assert (server.front.cancelled.is_set(), server.front.cleaned.is_set()) == (True, True)


def test_work_that_does_not_clean_up_in_time_is_waited_for_no_longer():
    with listening(Working(600)) as server:
        left(server)
        server.begin(server.listener.end(0)).result(PATIENCE)
        assert (server.front.cancelled.is_set(), server.front.cleaned.is_set()) == (True, False)
