"""What handlers must not do: the front makes it a 500 in the envelope, and the connection goes on."""

from __future__ import annotations

import time
from typing import NoReturn, cast

import pytest

from tests.server.http.listening import listening
from trunkline.server.errors import Unavailable
from trunkline.server.http.access import Access
from trunkline.server.http.answer import Answer, json
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.front import Front
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.router import Router
from trunkline.server.usecases.account_ports import Accounts
from trunkline.server.usecases.ports import Callers, Catalogue


class NoCatalogue:
    """A catalogue before its first revision."""

    def current(self, now: float) -> NoReturn:
        raise Unavailable


def split(context: Context, request: Request) -> Answer:
    """Answer with a header that would end its line: the value comes from whoever asks."""
    return Answer(200, b"{}", headers=((b"x-said", b"1" + request.body + b"set-cookie: a=b"),))


def failing(context: Context, request: Request) -> Answer:
    """Be a bug."""
    raise ZeroDivisionError


async def split_call(context: Context, request: Request) -> Answer:
    """Do the same where providers are awaited."""
    return split(context, request)


def fine(context: Context, request: Request) -> Answer:
    """Answer."""
    return json({"fine": True})


@pytest.fixture
def front() -> Front:
    """Return a front with operations that misbehave; none of them needs a catalogue, a store or a key."""

    def row(path: str, **more: object) -> Operation:
        return Operation(path, path, "t", "s", method="POST", access=Access.PUBLIC, **more)  # type: ignore[arg-type]

    rows = [
        row("/split", handler=split),
        row("/split-blocking", handler=split, blocking=True),
        row("/split-call", infer=split_call),
        row("/failing", handler=failing),
        row("/failing-blocking", handler=failing, blocking=True),
        row("/fine", handler=fine),
    ]
    nothing = cast("Accounts", None)
    context = Context(
        cast("Catalogue", NoCatalogue()), cast("Callers", None), nothing, time.time, lambda count: b"0" * count, "", ""
    )
    return Front(context, Router(rows), HostTable({}), AnswerCache(1_000), 1_000)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("path", [b"/split", b"/split-blocking", b"/split-call"])
def test_a_header_with_the_end_of_a_line_in_it_is_not_sent(front: Front, path: bytes, end: bytes):
    with listening(front) as server, server.caller() as caller:
        told = caller.ask(b"POST " + path, body=end)
        assert told.error(500)["message"] == "Internal Server Error"
        assert "set-cookie" not in told.headers
        assert caller.ask(b"POST /fine").json() == {"fine": True}


@pytest.mark.parametrize("path", [b"/failing", b"/failing-blocking"])
def test_a_bug_is_told_in_the_envelope_and_logged(front: Front, path: bytes, caplog: pytest.LogCaptureFixture):
    with listening(front) as server, server.caller() as caller:
        assert caller.ask(b"POST " + path).error(500)["message"] == "Internal Server Error"
        assert caller.ask(b"POST /fine").json() == {"fine": True}
    (record,) = caplog.records
    assert (record.message, record.exc_info and record.exc_info[0]) == ("request failed", ZeroDivisionError)
