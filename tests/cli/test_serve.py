"""`trunkline serve` as a process: it starts on an empty home, says so, and stops when told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
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

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str, int]:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", *arguments],
            env=environment,
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
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_what_it_has_and_stops_when_told(serve: Serve, home: Path, number: signal.Signals):
    process, lines, port = serve()
    status, body = get(port, "/readyz")
    assert status == 200
    models = json.loads(body)["models"]
    assert models > 340
    address, data, account, provider, ready = lines.splitlines()
    assert address.endswith(f"at http://127.0.0.1:{port}/api/v1 (documentation: http://127.0.0.1:{port}/docs)")
    assert data == f"data in {home}"
    assert account == "no account yet: set TRUNKLINE_MANAGEMENT_KEY, or run `trunkline account create NAME`"
    assert provider == "no provider is configured: the catalogue is served, and no call is passed on"
    assert ready.startswith(f"{models} models, ready in ")
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_several_workers_start_on_an_empty_home_and_share_its_catalogue(serve: Serve):
    process, _, port = serve("--workers", "3")
    counts = {get(port, "/api/v1/models/count") for _ in range(30)}
    assert len(counts) == 1
    assert counts.pop()[0] == 200
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")


def test_a_worker_that_dies_in_service_is_replaced(serve: Serve):
    process, _, port = serve()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the worker")
    (worker,) = children.read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if get(port, "/readyz")[0] == 200:
                break
        except OSError:
            time.sleep(0.05)
    else:
        pytest.fail("no worker took over")
    assert children.read_text().split() != [worker]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "trunkline: worker 1 ended by itself (SIGKILL) and is replaced\n")
