"""How a call's body may come, and what becomes of the connection that brought it."""

from __future__ import annotations

import json
from http.client import HTTPConnection

from tests.gateway.world import PATIENCE, PLAIN, World
from tests.live.wire import API
from tests.upstream.answers import completion, whole

BLANKS = b" " * 1_000_000
"""Longer than what sockets take at once: a body with these comes in several parts."""


def test_one_connection_carries_call_after_call_however_their_bodies_come(world: World):
    world.alpha.always(*whole(completion()))
    connection = HTTPConnection(world.site.host, world.site.port, timeout=PATIENCE)
    connection.connect()
    opened = connection.sock
    try:
        for body in (json.dumps(PLAIN).encode(), BLANKS + json.dumps(PLAIN).encode()):
            parts = [body[:10], body[10:]]
            length = {"content-length": str(len(body))}
            for sent, headers in ((body, length), (parts, length), (parts, {})):  # the last one is sent in chunks
                more = {"authorization": f"Bearer {world.key}", "content-type": "application/json", **headers}
                connection.request("POST", f"{API}/chat/completions", sent, more)
                reply = connection.getresponse()
                assert (reply.status, json.loads(reply.read())["choices"][0]["message"]["content"]) == (200, "Hello")
                assert connection.sock is opened
    finally:
        connection.close()
    assert [json.loads(call.body)["messages"] for call in world.alpha.calls] == [PLAIN["messages"]] * 6


def test_a_path_that_is_spelled_otherwise_reaches_the_same_call(world: World):
    world.alpha.always(*whole(completion()))
    for path in ("/chat/completions/", "/chat/%63ompletions", "/chat/completions?a=b"):
        reply = world.post(path, PLAIN)
        assert reply.status == 200
        assert reply.headers["x-generation-id"]
    assert world.post("/chat%2Fcompletions", PLAIN).status == 404
