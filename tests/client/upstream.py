"""A server on a real socket that answers, stalls and breaks as a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived: the target byte for byte, header names lower-case."""

    target: str
    headers: Mapping[str, str]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back. `cut` ends the connection in the middle of the body, `drop` before any answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    drop: bool = False
    stall: threading.Event | None = None


def answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """Return a JSON answer; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json", **named})


def failure(status: int, message: str = "No.", **headers: str) -> Answer:
    """Return an error in the API's shape."""
    return answer({"error": {"code": status, "message": message}}, status, **headers)


Script = Callable[[Asked], Answer]


class Upstream:
    """The running server: `plays` sets what it answers, `asked` lists what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[Asked] = []
        self.connections = 0
        self.script: Script = lambda _: answer({"data": []})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{API}"

    def plays(self, *answers: Answer | Script) -> None:
        """Answer with these in turn, the last one for ever; or by a function of the request."""
        rest = list(answers)

        def script(asked: Asked) -> Answer:
            step = rest.pop(0) if len(rest) > 1 else rest[0]
            return step if isinstance(step, Answer) else step(asked)

        self.script = script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: Upstream

    def setup(self) -> None:
        super().setup()
        self.upstream.connections += 1

    def finish(self) -> None:
        self.upstream.connections -= 1
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
        self.upstream.asked.append(asked)
        told = self.upstream.script(asked)
        if told.stall is not None:
            told.stall.wait(30)
        if told.drop:
            self._hang_up()
            return
        with suppress(OSError):
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            if told.status != 304:
                self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body[: len(told.body) // 2] if told.cut else told.body)
            self.wfile.flush()
        if told.cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *values: object) -> None:
        pass


@contextmanager
def running() -> Iterator[Upstream]:
    """Run an upstream until the block ends."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        upstream = handler.upstream = Upstream(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()
