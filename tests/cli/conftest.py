"""What tests of the command line share: `trunkline serve` as a process."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import COMMAND

Serve = Callable[..., tuple["subprocess.Popen[str]", str, int]]


@pytest.fixture
def serve(environment: dict[str, str]) -> Iterator[Serve]:
    """Return a function that starts a server on a free port; it gives process, first lines and port once ready."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **variables: str) -> tuple[subprocess.Popen[str], str, int]:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", *arguments],
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        lines = ""
        while "ready in" not in lines:
            line = process.stdout.readline()
            assert line, f"it ended without becoming ready: {process.stderr and process.stderr.read()}"
            lines += line
        port = re.search(r"http://127\.0\.0\.1:(\d+)/api/v1", lines)
        assert port
        return process, lines, int(port[1])

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def get(port: int, path: str) -> tuple[int, bytes]:
    """Ask once; return status and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def workers(process: subprocess.Popen[str]) -> list[int]:
    """Return the ids of a server's worker processes."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the workers")
    return [int(worker) for worker in children.read_text().split()]
