"""Lists too long to be held in one are sent in pieces: the same bytes, tags and codings as short ones."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
import zstandard

from tests.factories import delivered, model_fact, seed
from tests.live.servers import process
from tests.live.wire import Site
from trunkline.server.http.answer import LARGEST_WHOLE

ROWS = 1_000
DESCRIPTION = "words " * (LARGEST_WHOLE // ROWS // 5)
DECODERS = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    facts = [model_fact(f"acme/m-{number}", created=number, description=DESCRIPTION) for number in range(ROWS)]
    home = seed(tmp_path_factory.mktemp("long") / "home", [delivered(*facts)])
    with process(home) as running:
        yield running


def test_every_coding_carries_the_same_whole_list(long: Site):
    bodies = set()
    for coding, decode in DECODERS.items():
        reply = long.get("/models", accept_encoding=coding)
        assert reply.headers.get("content-encoding", "identity") == coding
        bodies.add(decode(reply.body))
    (body,) = bodies
    assert len(body) > LARGEST_WHOLE
    told = json.loads(body)
    assert [row["id"] for row in told["data"]] == [f"acme/m-{number}" for number in reversed(range(ROWS))]
    assert (told["total_count"], told["links"]) == (ROWS, {"next": None})
    first, rest = (long.get(f"/models?offset={offset}&limit=500").json()["data"] for offset in (0, 500))
    assert told["data"] == first + rest


def test_a_long_list_has_a_tag_in_each_coding_that_saves_sending_it_again(long: Site):
    tags = {}
    for coding in DECODERS:
        reply = long.ask("HEAD", "/models", accept_encoding=coding)
        assert (reply.status, reply.body) == (200, b"")
        tags[coding] = reply.headers["etag"]
        again = long.get("/models", accept_encoding=coding, if_none_match=reply.headers["etag"])
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", reply.headers["etag"])
    assert len(set(tags.values())) == len(DECODERS)
    length = long.ask("HEAD", "/models", accept_encoding="identity").headers["content-length"]
    assert int(length) == len(long.get("/models", accept_encoding="identity").body)


def test_many_long_lists_at_once_and_callers_who_leave_half_way_disturb_nobody(long: Site):
    leaving = []
    for _ in range(10):
        connection = socket.create_connection((long.host, long.port), timeout=20)
        connection.sendall(b"GET /api/v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        connection.recv(1_000)
        leaving.append(connection)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda coding: long.get("/models", accept_encoding=coding), [*DECODERS] * 4))
    for connection in leaving:
        connection.close()
    assert len({reply.body for reply in replies}) == len(DECODERS)
    assert long.get("/models/count").json() == {"data": {"count": ROWS}}
