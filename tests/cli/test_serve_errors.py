"""What `trunkline serve` says when it cannot start: one line, and it ends."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.conftest import Trunkline


def test_a_port_that_is_taken_is_one_line_and_exit_code_2(trunkline: Trunkline, home: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = trunkline("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"trunkline: cannot listen on 127.0.0.1 port {port}: {os.strerror(98)}\n"
    assert oct(home.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "eighty"], "port in --port: expected int, got str"),
        (["--workers", "0"], "workers in --workers: expected int >= 1"),
        (["--host", "nowhere.invalid"], "host nowhere.invalid: "),
        (["--config", "/nonexistent.toml"], "/nonexistent.toml: cannot be read: No such file or directory"),
        (["--home", "/proc/trunkline"], "home /proc/trunkline: cannot be created: "),
        (["--bogus"], "Unknown option: --bogus"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(trunkline: Trunkline, arguments: list[str], said: str):
    done = trunkline("serve", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"trunkline: {said}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("workers", ["1", "3"])
def test_a_store_that_cannot_be_opened_ends_every_worker_with_one_line(trunkline: Trunkline, home: Path, workers: str):
    home.mkdir()
    (home / "trunkline.db").write_bytes(b"this is no database, but long enough to be taken for one" * 100)
    done = trunkline("serve", "--port", "0", "--workers", workers)
    assert done.returncode == 1
    assert done.stderr.startswith("trunkline: ")
    assert str(home / "trunkline.db") in done.stderr
    assert done.stderr.count("\n") == 1
    assert "ready" not in done.stdout
