"""Wishes for another protocol are left unheard: a request is answered as if it had not asked."""

from __future__ import annotations

import json

import pytest

from tests.server.http.callers import chunks, request
from tests.server.http.listening import asked, listening

WISHES = {
    "h2c": (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    "websocket": (b"Upgrade: websocket", b"connection: keep-alive, upgrade", b"Sec-WebSocket-Version: 13"),
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("path", [b"/kept", b"/made"])
def test_they_are_answered_with_and_without_a_body_and_the_connection_goes_on(wish: str, path: bytes):
    with listening() as server, server.caller() as caller:
        told = caller.ask(b"GET " + path + b"?a=b", *WISHES[wish], b"x-a: 1")
        said = json.loads(told.body)
        assert (said["path"], said["query"], said["headers"]["x-a"]) == (path.decode(), "a=b", "1")
        assert "upgrade" not in said["headers"]
        assert "upgrade" not in told.headers
        stated = caller.ask(b"POST " + path, *WISHES[wish], body=b"GET / HTTP/1.1\r\n\r\n")
        assert asked(stated)[2] == "GET / HTTP/1.1\r\n\r\n"
        chunked = caller.ask(
            b"POST " + path, *WISHES[wish], b"transfer-encoding: chunked", body=chunks(b"one ", b"two")
        )
        assert asked(chunked)[2] == "one two"
        assert asked(caller.ask(b"GET /made/then"))[1] == "/made/then"


@pytest.mark.parametrize("wish", WISHES)
def test_whole_rows_of_them_are_answered_in_their_order(wish: str):
    with listening() as server, server.caller() as caller:
        for number in range(20):
            caller.send(request(b"POST /made/%d" % number, *WISHES[wish], body=b"%d" % number))
            caller.send(request(b"GET /kept/%d" % number, *WISHES[wish]))
        said = [asked(caller.reply()) for _ in range(40)]
        assert said[::2] == [("POST", f"/made/{number}", str(number)) for number in range(20)]
        assert said[1::2] == [("GET", f"/kept/{number}", "") for number in range(20)]


def test_one_that_wants_to_be_the_last_is():
    with listening() as server, server.caller() as caller:
        told = caller.ask(b"GET /made", b"Connection: Upgrade, close", b"Upgrade: h2c")
        assert told.headers["connection"] == "close"
        assert asked(told)[1] == "/made"
        assert caller.rest() == b""


def test_one_of_http_1_0_is_not_kept():
    with listening() as server, server.caller() as caller:
        caller.send(request(b"GET /made", b"Connection: Upgrade", b"Upgrade: h2c", version=b"1.0"))
        assert caller.reply().headers["connection"] == "close"
        assert caller.rest() == b""


@pytest.mark.parametrize("path", [b"/small", b"http://elsewhere.example/small"])
def test_the_limit_of_a_body_is_the_same(path: bytes):
    with listening() as server, server.caller() as caller:
        caller.ask(b"POST " + path, *WISHES["h2c"], body=b"x" * 101).error(413)
        assert caller.rest() == b""


@pytest.mark.parametrize("body", [b"", b"\x16\x03\x01 this is TLS"])
def test_nothing_is_passed_on_to_anybody(body: bytes):
    with listening() as server, server.caller() as caller:
        caller.send(b"CONNECT elsewhere.example:443 HTTP/1.1\r\nhost: elsewhere.example:443\r\n\r\n" + body)
        told = caller.reply()
        assert told.error(400)["message"] == "This is no proxy"
        assert told.headers["connection"] == "close"
        assert caller.rest() == b""
        assert not server.front.asked


def test_who_speaks_http_2_from_the_first_byte_is_told_in_http_1():
    with listening() as server, server.caller() as caller:
        caller.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        caller.reply().error(400)
        assert caller.rest() == b""
