"""One connection: requests cut anywhere, answers in their order, kept alive or closed as each version says it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from itertools import pairwise, permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.server.http.callers import PATIENCE, chunks, request
from tests.server.http.listening import Front, Gate, asked, echo, listening
from trunkline.server.http import answer
from trunkline.server.http.answer import Encoded
from trunkline.server.http.listener import Listener
from trunkline.server.http.request import Request

TAGGED = answer.json({"a": 1}, tagged=True).ready(b"")
SEVERAL = b"".join((
    request(b"GET /kept/1?a=b"),
    request(b"POST /made/2", body=b"stated"),
    request(b"GET /made/3"),
    request(b"POST /kept/4", b"transfer-encoding: chunked", body=chunks(b"in ", b"chunks", trailers=b"x-last: 1\r\n")),
    request(b"POST /made/5", b"upgrade: h2c", b"connection: upgrade", body=b"no other protocol"),
    request(b"POST /made/6", b"Transfer-Encoding: chunked", body=chunks(b"a" * 300, b"\r\n\r\n")),
    request(b"GET /kept/7", b"connection: close"),
))  # fmt: skip


async def answers_to(pieces: list[bytes]) -> bytes:
    """Return all that is said to a caller whose bytes come in these pieces, each read by itself."""
    listening_at = socket.create_server(("127.0.0.1", 0))
    listener = Listener(Front())
    await listener.listen(listening_at)
    reader, writer = await asyncio.open_connection(*listening_at.getsockname())
    for piece in pieces:
        writer.write(piece)
        for _ in range(3):  # the listener is in this very loop: it reads before the next piece is written
            await asyncio.sleep(0)
    said = await reader.read()
    writer.close()
    await listener.end(0)
    return re.sub(rb"date: .*?\r\n", b"", said)


@settings(max_examples=40, deadline=None)
@example(cuts=list(range(len(SEVERAL))))
@given(cuts=st.lists(st.integers(0, len(SEVERAL)), max_size=12))
def test_requests_cut_anywhere_are_answered_the_same(cuts: list[int]):
    places = [0, *sorted(cuts), len(SEVERAL)]
    pieces = [SEVERAL[start:end] for start, end in pairwise(places)]
    said = asyncio.run(answers_to(pieces))
    assert said == asyncio.run(answers_to([SEVERAL]))
    told = [json.loads(body) for body in re.findall(rb"\r\n\r\n({.*?})(?=HTTP/1.1|$)", said)]
    assert [(one["path"], one["body"]) for one in told] == [
        ("/kept/1", ""),
        ("/made/2", "stated"),
        ("/made/3", ""),
        ("/kept/4", "in chunks"),
        ("/made/5", "no other protocol"),
        ("/made/6", "a" * 300 + "\r\n\r\n"),
        ("/kept/7", ""),
    ]


def test_a_connection_is_kept_until_its_caller_says_close():
    with listening() as server, server.caller() as caller:
        for line in (b"GET /kept", b"POST /made", b"GET /made"):
            assert "connection" not in caller.ask(line).headers
        assert caller.ask(b"GET /kept", b"Connection: close").headers["connection"] == "close"
        assert caller.rest() == b""


WISHES = [b"Connection: close", b"Connection: upgrade", b"Connection: keep-alive"]


@pytest.mark.parametrize("upgrade", [(), (b"Upgrade: h2c",)])
@pytest.mark.parametrize("lines", [lines for lines in permutations(WISHES, 2) if WISHES[0] in lines])
def test_close_is_heard_on_whichever_line_it_is(lines: tuple[bytes, ...], upgrade: tuple[bytes, ...]):
    with listening() as server, server.caller() as caller:
        assert caller.ask(b"GET /made", *lines, *upgrade).headers["connection"] == "close"
        assert caller.rest() == b""


@pytest.mark.parametrize("path", [b"/kept", b"/made"])
def test_a_caller_of_http_1_0_is_told_so_when_its_connection_is_kept(path: bytes):
    with listening() as server, server.caller() as caller:
        for _ in range(2):
            caller.send(request(b"GET " + path, b"Connection: keep-alive", version=b"1.0"))
            assert caller.reply().headers["connection"] == "keep-alive"
        caller.send(request(b"GET " + path, version=b"1.0"))
        assert caller.reply().headers["connection"] == "close"
        assert caller.rest() == b""


@pytest.mark.parametrize("path", [b"/kept", b"/made"])
def test_what_comes_behind_the_last_request_is_neither_answered_nor_a_mistake(path: bytes):
    with listening() as server, server.caller() as caller:
        caller.send(request(b"GET " + path, b"connection: close") + request(b"GET /kept/more") + b"\0 nonsense")
        assert caller.reply().status == 200
        assert caller.rest() == b""
        assert [one.path for one in server.front.asked] == [path]


@pytest.mark.parametrize("path", [b"/kept", b"/made"])
def test_head_is_told_the_length_and_sent_no_body(path: bytes):
    with listening() as server, server.caller() as caller:
        length = caller.ask(b"GET " + path).headers["content-length"]
        head = caller.ask(b"HEAD " + path)
        assert int(head.headers["content-length"]) == int(length) + 1, "HEAD is a letter longer than GET"
        assert asked(caller.ask(b"GET /kept/then"))[1] == "/kept/then"


async def tagged(_: Request) -> Encoded:
    return TAGGED


@pytest.mark.parametrize("path", [b"/tagged", b"/made_tagged"])
def test_who_has_an_answer_already_is_told_so_without_body(path: bytes):
    front = Front(made_tagged=tagged)
    front.kept_answers[b"/tagged"] = TAGGED
    with listening(front) as server, server.caller() as caller:
        tag = caller.ask(b"GET " + path).headers["etag"].encode()
        for known in (tag, b"*", b'"other", W/' + tag):
            told = caller.ask(b"GET " + path, b"if-none-match: " + known)
            assert (told.status, told.headers["etag"]) == (304, tag.decode())
            assert "content-length" not in told.headers
        for other in (b'"other"', b'""', b"W/*"):
            assert caller.ask(b"GET " + path, b"if-none-match: " + other).body == TAGGED.body


def test_an_answer_without_content_ends_with_its_head():
    with listening() as server, server.caller() as caller:
        server.front.kept_answers[b"/none"] = Encoded(204, b"", b"", b"x-nothing: 1\r\n")
        caller.send(request(b"GET /none") + request(b"GET /kept/then"))
        assert caller.reply().status == 204
        assert asked(caller.reply())[1] == "/kept/then"


def test_a_caller_who_expects_to_be_told_to_go_on_is():
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /made", b"Expect: 100-continue", b"content-length: 4"))
        assert caller.head() == (100, {})
        caller.send(b"body")
        assert asked(caller.reply()) == ("POST", "/made", "body")
        caller.send(request(b"POST /small", b"Expect: 100-continue", b"content-length: 101"))
        caller.reply().error(413)


@pytest.mark.parametrize("between", [b"", request(b"GET /kept/2"), request(b"GET /made/2")])
def test_who_expects_to_be_told_behind_another_request_is_told_after_its_answer(between: bytes):
    gate = Gate()

    async def slow(asked: Request) -> Encoded:
        await gate.passed()
        return echo(asked)

    with listening(Front(slow=slow)) as server, server.caller() as caller:
        expecting = request(b"POST /made/3", b"Expect: 100-continue", b"content-length: 4")
        caller.send(request(b"GET /slow") + between + expecting)
        assert gate.reached.wait(PATIENCE)
        gate.open(server)
        assert asked(caller.reply())[1] == "/slow"
        if between:
            assert asked(caller.reply())[1][-1] == "2"
        assert caller.head() == (100, {})
        caller.send(b"body")
        assert asked(caller.reply()) == ("POST", "/made/3", "body")


def test_who_expects_to_be_told_and_is_refused_is_told_nothing_else(caplog: pytest.LogCaptureFixture):
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /made", b"Expect: 100-continue", b"transfer-encoding: chunked") + b"no size\r\n")
        caller.reply().error(400)
        assert caller.rest() == b""
    assert caplog.messages == []


def test_a_caller_of_http_1_0_is_never_told_to_go_on():
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /made", b"Expect: 100-continue", b"content-length: 4", version=b"1.0") + b"body")
        assert asked(caller.reply()) == ("POST", "/made", "body")


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/kept/a?b=c?d", "/kept/a", "b=c?d"),
        (b"http://elsewhere.example/kept/a?b", "/kept/a", "b"),
        (b"https://elsewhere.example:1", "/", ""),
        ("/kept/\u00e9?\u00fc".encode(), "/kept/%C3%A9", "%C3%BC"),
        (b"/kept/\xff", "/kept/%FF", ""),
        (b"*", "*", ""),
    ],
)
def test_targets_of_every_form_are_understood(target: bytes, path: str, query: str):
    with listening() as server, server.caller() as caller:
        for method in (b"GET", b"OPTIONS"):
            said = json.loads(caller.ask(method + b" " + target, "x: \u00e9".encode("latin-1")).body)
            assert (said["path"], said["query"], said["headers"]["x"]) == (path, query, "\u00e9")


def test_the_limit_of_a_body_is_that_of_its_path_in_an_absolute_target_too():
    with listening() as server, server.caller() as caller:
        caller.ask(b"POST http://elsewhere.example/small", body=b"x" * 101).error(413)


def test_of_headers_of_one_name_the_last_wins_in_whatever_case_they_come():
    with listening() as server, server.caller() as caller:
        headers = json.loads(caller.ask(b"GET /kept", b"X-A: 1", b"x-a: 2", b"X-a:  \t3 ").body)["headers"]
        assert headers == {"host": "localhost", "x-a": "3"}


def test_what_follows_a_chunked_body_becomes_no_header():
    with listening() as server, server.caller() as caller:
        body = chunks(b"body", trailers=b"authorization: Bearer other\r\nx-a: 1\r\n")
        said = json.loads(caller.ask(b"POST /made", b"transfer-encoding: chunked", body=body).body)
        assert (said["body"], set(said["headers"])) == ("body", {"host", "transfer-encoding"})
