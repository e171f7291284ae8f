"""Servers that are stopped while calls are under way, and what the next one knows of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.factories import fixture_delivery, seed
from tests.gateway.world import HELLO, METADATA, eventually
from tests.live.servers import process
from tests.live.wire import API, Reply, Site
from tests.upstream.answers import DONE, END, STREAM_HEAD, chunked, completion, delta, hello, usage, whole
from tests.upstream.scripted import Hang, Pause, ScriptedProvider, Send

MANAGEMENT = "sk-or-v1-" + "5" * 64
SETTINGS = """
[providers.alpha]
base_url = "{alpha}"
name = "Alpha"
data_policy = {{ training = false, retention_days = 30 }}

[providers.beta]
base_url = "{beta}"
name = "Beta"
data_policy = {{ training = false, retention_days = 30 }}

[[endpoints]]
model = "acme/m"
provider = "alpha"
name = "M"
context_length = 8192
pricing = {{ prompt = "0.000001", completion = "0.000001" }}

[[endpoints]]
model = "acme/m"
provider = "beta"
context_length = 8192
pricing = {{ prompt = "0.00001", completion = "0.00001" }}
"""
CALL = {"model": "acme/m", "messages": HELLO, "provider": {"order": ["alpha"]}}
"""By its price alone alpha would be the second once in a hundred times."""


class Server:
    """A home with two scripted providers, to be served again and again."""

    def __init__(self, home: Path, alpha: ScriptedProvider, beta: ScriptedProvider) -> None:
        self.home, self.alpha, self.beta = home, alpha, beta
        self.key = ""

    def __call__(self, **variables: str) -> Any:
        return process(self.home, TRUNKLINE_MANAGEMENT_KEY=MANAGEMENT, **variables)

    def ask(self, site: Site, path: str, body: Any = None, **headers: str) -> Reply:
        if not self.key:
            made = site.ask("POST", "/keys", b'{"name": "k"}', authorization=f"Bearer {MANAGEMENT}")
            self.key = made.json()["key"]
        headers.setdefault("authorization", f"Bearer {self.key}")
        sent = None if body is None else json.dumps(body).encode()
        return site.ask("GET" if body is None else "POST", path, sent, **headers)

    def chat(self, site: Site, **more: Any) -> Reply:
        headers = more.pop("headers", {})
        return self.ask(site, "/chat/completions", {**CALL, **more}, **headers)

    def hear(self, site: Site) -> Hearing:
        self.ask(site, "/key")
        return Hearing(site, self.key)


class Hearing:
    """A streamed answer that is read by a thread of its own, whatever becomes of the server."""

    def __init__(self, site: Site, key: str) -> None:
        self._connection = connection = HTTPConnection(site.host, site.port, timeout=30)
        body = json.dumps({**CALL, "stream": True})
        connection.request("POST", f"{API}/chat/completions", body, {"authorization": f"Bearer {key}"})
        self._reply = connection.getresponse()
        self.id = self._reply.headers["x-generation-id"]
        self._said = self._reply.readline()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with closing(self._connection), self._reply:
            self._said += self._reply.read()

    def said(self) -> bytes:
        """Return all that was said, once there is no more."""
        self._thread.join(30)
        return self._said


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with ScriptedProvider() as alpha, ScriptedProvider() as beta:
        home = seed(tmp_path / "home", [fixture_delivery()])
        (home / "trunkline.toml").write_text(SETTINGS.format(alpha=alpha.url, beta=beta.url))
        yield Server(home, alpha, beta)


def test_a_stream_under_way_is_heard_to_its_end(server: Server):
    rest = [Send(chunked(piece)) for piece in (delta(content=" all"), delta("stop"), usage(), DONE)]
    server.alpha.then(Send(STREAM_HEAD), Send(chunked(delta(content="Hear"))), Pause(1), *rest, Send(END))
    with server() as site:
        hearing = server.hear(site)
    assert b'" all"' in hearing.said()
    assert hearing.said().endswith(DONE)


def test_what_has_not_ended_by_then_is_ended_told_recorded_and_free(server: Server):
    server.alpha.then(Send(STREAM_HEAD), Send(chunked(delta(content="Hear"))), Hang())
    with server(TRUNKLINE_GRACE_SECONDS="0.2") as site:
        hearing = server.hear(site)
    last = json.loads(hearing.said().rstrip().rsplit(b"data: ", 1)[1])
    assert last["error"]["message"] == "The server is stopping"
    assert last["error"]["metadata"]["error_type"] == "provider_overloaded"
    assert last["choices"][0]["finish_reason"] == "error"
    assert server.alpha.calls[0].gone.wait(10)
    with server() as site:
        told = server.ask(site, f"/generation?id={hearing.id}").json()["data"]
    assert (told["finish_reason"], told["usage"]) == ("error", 0)


def test_the_next_server_knows_what_was_called_spent_and_learned(server: Server):
    boom = whole({"error": {"message": "boom"}}, 500)
    with server() as site:
        server.alpha.then(*hello())
        streamed = server.chat(site, stream=True)
        server.alpha.then(*boom)
        server.beta.then(*whole(completion()))
        over = server.chat(site, headers={name.replace("-", "_"): value for name, value in METADATA.items()})
        assert over.json()["openrouter_metadata"]["attempt"] == 2
    with server() as site:
        for reply, provider, cost in ((streamed, "Alpha", 0.00001), (over, "Beta", 0.0001)):
            told = server.ask(site, f"/generation?id={reply.headers['x-generation-id']}").json()["data"]
            assert (told["provider_name"], told["usage"], told["tokens_prompt"]) == (provider, cost, 7)
        assert server.ask(site, "/key").json()["data"]["usage"] == 0.00011
        credits_ = site.get("/credits", authorization=f"Bearer {MANAGEMENT}").json()["data"]
        assert credits_["total_usage"] == 0.00011
        # Endpoints and models show what was learned as soon as the store has been looked at once.
        path = "/models/acme/m/endpoints"
        eventually(lambda: endpoint(server.ask(site, path), "Alpha")["uptime_last_1d"] == 50)
        assert endpoint(server.ask(site, path), "Beta")["uptime_last_1d"] == 100
        assert endpoint(server.ask(site, path), "Alpha")["latency_last_30m"]["p50"] > 0
        assert server.ask(site, "/models?sort=top-weekly").ids[0] == "acme/m"


def endpoint(reply: Reply, provider: str) -> dict[str, Any]:
    (found,) = [one for one in reply.json()["data"]["endpoints"] if one["provider_name"] == provider]
    assert isinstance(found, dict)
    return found
