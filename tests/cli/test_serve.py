"""`trunkline serve` as a process: it starts on an empty home, says so, and stops when told."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Serve, get, workers


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
    (worker,) = workers(process)
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if get(port, "/readyz")[0] == 200:
                break
        except OSError:
            time.sleep(0.05)
    else:
        pytest.fail("no worker took over")
    assert workers(process) != [worker]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "trunkline: worker 1 ended by itself (SIGKILL) and is replaced\n")
