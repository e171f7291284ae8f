"""The public fault server `llmock`: a second opinion on how OpenAI, Anthropic and Google speak, and how they fail."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.clients.environments import environment


class Llmock:
    """A running server: `play` queues what it does next, `requests` says what came."""

    def __init__(self, url: str) -> None:
        self._url = url

    def base_url(self, dialect: str) -> str:
        """Return the base URL to configure for a dialect."""
        return self._url + {"anthropic": "/anthropic", "gemini": "/gemini/v1beta"}.get(dialect, "/v1")

    def play(self, *behaviours: dict[str, Any]) -> None:
        """Queue what the next requests meet with."""
        self._ask("/_llmock/reset", {})
        if behaviours:
            self._ask("/_llmock/scenario", {"behaviors": behaviours})

    def requests(self) -> Any:
        """Return what has come since the last `play`."""
        return self._ask("/_llmock/requests")

    def _ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self._url + path, data, headers), timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None


@contextmanager
def running() -> Iterator[Llmock]:
    """Run the server while the block lasts."""
    command = environment("llmock").python.with_name("llmock")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LLMOCK_")}
    process = subprocess.Popen(
        [command, "serve", "--port", str(port), "--log-level", "error", "--response-style", "hello"],
        env=clean,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield Llmock(url)
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, "llmock has ended"
            assert time.monotonic() < limit, "llmock does not answer"
            time.sleep(0.05)
