"""The worker processes of `trunkline serve`: none outlives the command, none is missed for long."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Serve, get, workers

PATIENCE = 30
"""Seconds until a test gives up waiting."""


def eventually(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def alive(process: int) -> bool:
    """Tell whether a process runs; one that only waits to be missed by its parent does not."""
    try:
        said = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return said.rpartition(")")[2].split()[0] != "Z"


def missed(process: int) -> None:
    """Wait for the end of a process."""
    eventually(lambda: not alive(process))


def refused(port: int) -> bool:
    """Tell whether nobody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("count", [1, 2])
def test_workers_end_by_themselves_when_the_command_is_killed(serve: Serve, count: int):
    process, _, port = serve("--workers", str(count))
    made = workers(process)
    assert len(made) == count
    process.kill()
    process.wait(PATIENCE)
    for worker in made:
        missed(worker)
    assert refused(port)


@pytest.mark.parametrize("count", [1, 2])
def test_whoever_comes_while_dead_workers_are_replaced_is_answered_in_the_end(serve: Serve, count: int):
    process, _, port = serve("--workers", str(count))
    killed = workers(process)
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    for worker in killed:
        missed(worker)
    assert [get(port, "/readyz")[0] for _ in range(10)] == [200] * 10
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_told_twice_it_ends_at_once_whatever_is_under_way(serve: Serve, first: signal.Signals, second: signal.Signals):
    process, _, port = serve(TRUNKLINE_GRACE_SECONDS="3600")
    made = workers(process)
    with socket.create_connection(("127.0.0.1", port)) as hanging:
        # Its body never comes.
        hanging.sendall(b"POST /api/v1/keys HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf")
        assert get(port, "/readyz")[0] == 200  # what came before this has been read
        process.send_signal(first)
        eventually(lambda: refused(port))
        assert process.poll() is None
        assert all(map(alive, made))
        process.send_signal(second)
        assert process.wait(PATIENCE) == 0
        assert not any(map(alive, made))


@pytest.mark.parametrize("count", [1, 2])
def test_workers_that_die_again_and_again_end_the_command_with_one_line(serve: Serve, count: int):
    process, _, port = serve("--workers", str(count))
    killed: set[int] = set()
    for _ in range(count + 5):
        eventually(lambda: set(workers(process)) - killed)
        worker = (set(workers(process)) - killed).pop()
        killed.add(worker)
        os.kill(worker, signal.SIGKILL)
        missed(worker)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    *replaced, last = said.splitlines()
    assert last == f"trunkline: {count + 5} workers died within 60 s; giving up"
    assert {line.rpartition(" ended by itself ")[2] for line in replaced} == {"(SIGKILL) and is replaced"}
    assert refused(port)
