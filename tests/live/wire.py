"""Talks HTTP to a server byte by byte: paths, headers and bodies go out exactly as a test writes them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, which must be JSON and say so."""
        assert self.headers["content-type"].partition(";")[0] == "application/json", self
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """Return the ids of a model list."""
        assert self.status == 200, self
        return [row["id"] for row in self.json()["data"]]

    def error(self, status: int) -> dict[str, Any]:
        """Return the error of an answer in the one envelope, which must be of this status."""
        assert self.status == status, self
        body = self.json()
        assert body.keys() <= {"error", "user_id", "openrouter_metadata"}, body
        error: dict[str, Any] = body["error"]
        assert type(error["code"]) is int
        assert error["code"] == status
        assert isinstance(error["message"], str)
        assert error["message"]
        assert isinstance(error.get("metadata", {}), dict)
        return error


@dataclass(frozen=True, slots=True)
class Site:
    """A server that listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the address that clients are given."""
        return f"http://{self.host}:{self.port}{API}"

    def get(self, path: str, **headers: str) -> Reply:
        """GET a path below the API's base, or one that begins with two slashes from the root."""
        return self.ask("GET", path, **headers)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Send one request; header names take `_` for `-`."""
        target = path[1:] if path.startswith("//") else API + path
        connection = HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, target, body, {key.replace("_", "-"): value for key, value in headers.items()})
            return _reply(connection.getresponse())
        finally:
            connection.close()

    def raw(self, request: bytes, method: str = "GET") -> Reply:
        """Send bytes as they are and read one answer; `method` tells whether a body is to be expected."""
        with socket.create_connection((self.host, self.port), timeout=20) as connection:
            # The server may have heard enough; what it said is there to be read.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            response = HTTPResponse(connection, method=method)
            response.begin()
            return _reply(response)

    def line(self, target: bytes, method: bytes = b"GET") -> Reply:
        """Send a request line with a target as it is."""
        return self.raw(method + b" " + target + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", method.decode())

    def wait_until_ready(self, seconds: float) -> None:
        """Return when the server answers that it is ready."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(OSError):
                if self.get("//readyz").status == 200:
                    return
            assert time.monotonic() < deadline, "the server does not become ready"
            time.sleep(0.02)


def _reply(response: HTTPResponse) -> Reply:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    return Reply(response.status, headers, response.read())
