"""A `trunkline serve` process that calls models: settings in, a site and an inference key out."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from tests.factories import delivered, seed
from tests.live.servers import PATIENCE, process
from tests.live.wire import API, Reply, Site


@dataclass(frozen=True, slots=True)
class Caller:
    """A key on a running server; `management` is the key that made it, where it is known."""

    site: Site
    key: str
    management: str = ""

    def post(self, path: str, body: Any) -> Reply:
        """Send a body as JSON with the key."""
        return self.site.ask("POST", path, json.dumps(body).encode(), authorization=f"Bearer {self.key}")

    def get(self, path: str) -> Reply:
        """Ask with the key."""
        return self.site.get(path, authorization=f"Bearer {self.key}")

    def chat(self, model: str, messages: Any = "Hi", **body: Any) -> Reply:
        """Ask for a whole completion; a text is what the user says."""
        said = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        return self.post("/chat/completions", {"model": model, "messages": said, **body})

    def stream(self, model: str, messages: Any = "Hi", **body: Any) -> list[dict[str, Any]]:
        """Ask for a streamed completion and return its chunks; `[DONE]` comes as `{}`."""
        return events(self.chat(model, messages, stream=True, **body))

    @contextmanager
    def listening(self, **body: Any) -> Iterator[HTTPResponse]:
        """Send a chat and give the answer's beginning; leaving the block closes the connection."""
        sent = json.dumps({"stream": True, **body}).encode()
        head = (
            f"POST {API}/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(sent)}\r\n\r\n"
        )
        with socket.create_connection((self.site.host, self.site.port), timeout=PATIENCE) as connection:
            connection.sendall(head.encode() + sent)
            response = HTTPResponse(connection, method="POST")
            with response:
                response.begin()
                yield response


def events(reply: Reply) -> list[dict[str, Any]]:
    """Return the chunks of a streamed answer; `[DONE]` comes as `{}`."""
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8", reply
    found = [block[6:] for block in reply.body.decode().split("\n\n") if block.startswith("data: ")]
    return [{} if text == "[DONE]" else json.loads(text) for text in found]


@contextmanager
def gateway(home: Path, settings: str, **variables: str) -> Iterator[Caller]:
    """Run a server with settings in TOML and an otherwise empty catalogue until the block ends."""
    management = f"sk-or-v1-{secrets.token_hex(32)}"
    seed(home, [delivered()])
    (home / "trunkline.toml").write_text(settings)
    with process(home, TRUNKLINE_MANAGEMENT_KEY=management, **variables) as site:
        made = site.ask("POST", "/keys", b'{"name": "tests"}', authorization=f"Bearer {management}")
        assert made.status == 201, made
        yield Caller(site, made.json()["key"], management)
