"""A running server follows its catalogue, and takes what real connections do to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.factories import HIDDEN, M, delivered, fixture_delivery, layered, model_fact, seed
from tests.live.servers import PATIENCE, process
from tests.live.wire import Site
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.facts import Change

ROOT = Path(__file__).parents[2]


def eventually(holds: Callable[[], bool]) -> None:
    """Return when something holds; fail when it still does not after a long while."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_new_home_serves_the_catalogue_that_comes_with_the_package(bundled: Site):
    assert bundled.get("//readyz").json()["revision"] == 1
    count = bundled.get("/models/count?output_modalities=all").json()["data"]["count"]
    assert count == bundled.get("//readyz").json()["models"] > 200


def test_no_provider_of_the_developers_environment_is_switched_on_in_servers_under_test():
    seen = "import os, tests.conftest; print(sorted({'OPENAI_API_KEY', 'OLLAMA_HOST', 'HOME'} & os.environ.keys()))"
    own = os.environ | {"OPENAI_API_KEY": "sk-own", "OLLAMA_HOST": "127.0.0.1", "HOME": "/"}
    said = subprocess.run([sys.executable, "-c", seen], env=own, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "['HOME']\n"


def test_every_worker_follows_what_is_imported_and_keeps_the_tags_of_what_stays(tmp_path: Path):
    home = seed(tmp_path / "home", [fixture_delivery()])
    with process(home, TRUNKLINE_WORKERS="2") as site:
        path = f"/model/{M['M1']}"
        before, tag = site.get("/models").headers["etag"], site.get(path).headers["etag"]
        overlay = delivered(
            model_fact("acme/new-1", name="New 1", created=1_786_000_000),
            model_fact(HIDDEN, {"hidden": False}),
            model_fact(M["M5"], {"hidden": True}),
            layer="team",
        )
        seed(home, [overlay])
        eventually(lambda: all(site.get("/models/count").json()["data"]["count"] == 10 for _ in range(40)))
        assert {HIDDEN, "acme/new-1"} <= set(site.get("/models").ids)
        site.get(f"/model/{M['M5']}").error(404)
        assert site.get("/models", if_none_match=before).status == 200
        assert site.get(path, if_none_match=tag).status == 304


def test_a_revision_with_a_broken_row_is_served_without_it(tmp_path: Path):
    home = seed(tmp_path / "home", [delivered(model_fact("acme/good", name="Good", created=1))])
    with process(home) as site:
        store = open_catalog_store(home / "trunkline.db")
        broken, good = layered(
            model_fact("acme/bad", name="Bad", created="soon"), model_fact("acme/better", name="Better", created=2)
        )
        store.commit(1, "by hand", 0, [Change(None, broken), Change(None, good)])
        store.close()
        eventually(lambda: site.get("//readyz").json()["revision"] == 2)
        assert site.get("/models").ids == ["acme/better", "acme/good"]
        site.get("/model/acme/bad").error(404)


def test_one_connection_carries_many_requests_one_after_the_other(bundled: Site):
    with socket.create_connection((bundled.host, bundled.port), timeout=PATIENCE) as connection:
        asked = b"HEAD /api/v1/models HTTP/1.1\r\nhost: x\r\n\r\nGET /api/v1/nothing HTTP/1.1\r\nhost: x\r\n\r\n"
        connection.sendall(asked * 20 + b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        heard = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == 21
    assert heard.count(b"HTTP/1.1 404 Not Found\r\n") == 20
    assert heard.endswith(b'{"status":"ok"}')


def test_many_callers_at_once_all_get_the_same_list(bundled: Site):
    codings = ("identity", "gzip", "br", "zstd")
    paths = ("/models?output_modalities=all", "/models?sort=pricing-low-to-high", "/models?q=a&limit=50")
    with ThreadPoolExecutor(16) as pool:
        asked = [(path, coding) for path in paths for coding in codings] * 8
        replies = list(pool.map(lambda one: bundled.get(one[0], accept_encoding=one[1]), asked))
    assert {reply.status for reply in replies} == {200}
    assert len({(asked, reply.body) for asked, reply in zip(asked, replies, strict=True)}) == len(paths) * len(codings)


def test_callers_who_hang_up_or_stall_do_not_disturb_others(bundled: Site):
    stalled = []
    for sent in (
        b"",
        b"GET /api/v1/models HT",
        b"POST /api/v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx",
    ):
        for _ in range(20):
            connection = socket.create_connection((bundled.host, bundled.port), timeout=PATIENCE)
            connection.sendall(sent)
            stalled.append(connection)
    for _ in range(20):
        with socket.create_connection((bundled.host, bundled.port), timeout=PATIENCE) as connection:
            connection.sendall(b"GET /api/v1/models?output_modalities=all HTTP/1.1\r\nhost: x\r\n\r\n")
    assert bundled.get("/models/count").status == 200
    for connection in stalled:
        connection.close()
    assert bundled.get("/models/count").status == 200
