"""Bytes that two servers could read differently: refused in the envelope, and nothing behind them is answered."""

from __future__ import annotations

import pytest

from tests.server.http.callers import request
from tests.server.http.listening import asked, listening

GET, POST = b"GET /kept HTTP/1.1\r\nhost: a\r\n", b"POST /made HTTP/1.1\r\nhost: a\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
SMUGGLING = {
    "a length and chunks": POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "one length twice": POST + b"content-length: 2\r\nContent-Length: 2\r\n\r\nab",
    "lengths in a list": POST + b"content-length: 2, 2\r\n\r\nab",
    "a length with a sign": POST + b"content-length: +2\r\n\r\nab",
    "a negative length": POST + b"content-length: -2\r\n\r\nab",
    "a length in hexadecimal": POST + b"content-length: 0x2\r\n\r\nab",
    "an empty length": POST + b"content-length:\r\n\r\n",
    "a length beyond all numbers": POST + b"content-length: 99999999999999999999\r\n\r\n",
    "a coding that is not chunked": POST + b"transfer-encoding: gzip\r\n\r\nab",
    "a coding that looks like it": POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, but not last": POST + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked, and then another": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
    "two hosts": GET + b"Host: b\r\n\r\n",
    "one host twice": GET + b"host: a\r\n\r\n",
    "lines that end with LF": b"GET /kept HTTP/1.1\nhost: a\n\n",
    "one line that does": GET + b"a: b\nc: d\r\n\r\n",
    "CR in a header": GET + b"a: b\rc: d\r\n\r\n",
    "NUL in a header": GET + b"a: b\0c\r\n\r\n",
    "NUL in a target": b"GET /kept\0 HTTP/1.1\r\nhost: a\r\n\r\n",
    "a header that is continued": GET + b"a: b\r\n c\r\n\r\n",
    "a space before a header": b"GET /kept HTTP/1.1\r\n a: b\r\n\r\n",
    "a space before the colon": GET + b"a : b\r\n\r\n",
    "a header without a name": GET + b": b\r\n\r\n",
    "a header without a colon": GET + b"a\r\n\r\n",
    "a space in the target": b"GET /kept b HTTP/1.1\r\nhost: a\r\n\r\n",
    "a target without a slash": b"GET kept HTTP/1.1\r\nhost: a\r\n\r\n",
    "an unknown version": b"GET /kept HTTP/1.2\r\nhost: a\r\n\r\n",
    "a method of nobody": b"SMUGGLE /kept HTTP/1.1\r\nhost: a\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    "a chunk without CR": CHUNKED + b"3\nabc\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "a chunk with a prefix": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk behind a space": CHUNKED + b" 3\r\nabc\r\n0\r\n\r\n",
    "a chunk beyond all numbers": CHUNKED + b"fffffffffffffffff\r\n",
}

TOO_LONG = [
    b"GET /kept HTTP/1.1\r\n" + b"".join(b"x-%d: %b\r\n" % (number, b"b" * 1_000) for number in range(80)) + b"\r\n",
    b"GET /kept HTTP/1.1\r\nx: " + b"b" * 80_000,
    b"GET /" + b"a" * 80_000,
]


@pytest.mark.parametrize("shape", SMUGGLING)
def test_what_is_no_request_is_refused_and_nothing_behind_it_is_answered(shape: str):
    with listening() as server, server.caller() as caller:
        caller.send(request(b"GET /kept/before") + SMUGGLING[shape] + request(b"GET /kept/behind") * 3)
        assert asked(caller.reply())[1] == "/kept/before"
        told = caller.reply()
        assert told.error(400)["message"]
        assert told.headers["connection"] == "close"
        caller.send(request(b"GET /kept/later"))
        assert caller.rest() == b""
        assert [one.path for one in server.front.asked] == [b"/kept/before"]


@pytest.mark.parametrize("piece", [1_000, 100_000])
@pytest.mark.parametrize("whole", TOO_LONG)
def test_a_head_that_is_too_long_is_refused_in_one_piece_and_in_many(whole: bytes, piece: int):
    with listening() as server, server.caller() as caller:
        for start in range(0, len(whole), piece):
            caller.send(whole[start : start + piece])
        told = caller.reply()
        assert told.error(431)
        assert told.headers["connection"] == "close"
        assert caller.rest() == b""
        assert not server.front.asked


def test_a_head_of_the_longest_is_read_and_so_is_the_next_one():
    long = [b"x-%d: " % number + b"b" * 1_000 for number in range(60)]
    with listening() as server, server.caller() as caller:
        for line in (b"GET /kept", b"GET /made"):
            assert caller.ask(line, *long).status == 200


def test_the_head_behind_a_long_body_is_not_counted_with_it():
    body, head = b"x" * 90_000, request(b"GET /kept/then")
    with listening() as server, server.caller() as caller:
        caller.send(request(b"POST /made", b"content-length: 90000", b"expect: 100-continue"))
        assert caller.head() == (100, {})  # so that the body is read by itself
        caller.send(body + head[:20])
        assert asked(caller.reply())[2] == body.decode()
        caller.send(head[20:])
        assert asked(caller.reply())[1] == "/kept/then"


@pytest.mark.parametrize("endless", [b"0\r\nx-trailer: " + b"x" * 500_000, b"3;name=" + b"x" * 500_000])
def test_what_stands_beside_a_body_has_the_bounds_of_a_head(endless: bytes):
    with listening() as server, server.caller() as caller:
        caller.send(CHUNKED + b"3\r\nabc\r\n" + endless)  # what is read together with a body is not looked at
        caller.reply().error(431)
        assert caller.rest() == b""
