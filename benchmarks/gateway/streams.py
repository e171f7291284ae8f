"""A thousand streams at once through one pinned worker: how much later each token comes, and what memory that takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.gateway.field import trunkline
from benchmarks.machine import LOAD_CORE, ROOT, pinned, processor_seconds, resident
from benchmarks.servers import Server

STREAMS, RATE, SECONDS, RAMP = 1000, 20, 30, 8
TARGETS = {"p99_ms": 50, "memory_mb": 250}


def measure(*, quick: bool) -> dict[str, Any]:
    """Return how late tokens come (ms) straight from the provider and through Trunkline, and the worker's memory."""
    asked = {"streams": 50 if quick else STREAMS, "rate": RATE, "seconds": 3 if quick else SECONDS}
    asked["ramp"] = 0.5 if quick else RAMP
    with _load() as (load, _):
        straight = _ask(load, asked | {"port": None, "path": "/v1/chat/completions", "headers": {}, "model": "gpt-4"})
    with _load() as (load, port), trunkline(Server(port, load.pid)) as through:
        worker, pid = through.server.worker, through.server.pid
        before, spent = resident(worker), processor_seconds(pid)
        target = {"port": through.server.port, "path": through.path, "headers": through.headers, "model": through.model}
        held: list[int] = []
        found = _ask(load, asked | target, lambda: held.append(resident(worker)))
        found |= {
            "before": before,
            "memory": max(held),
            "processor_us": (processor_seconds(pid) - spent) / found["all_tokens"] * 1e6,
        }
    return {"asked": asked, "provider": straight, "trunkline": found, "targets": TARGETS}


@contextmanager
def _load() -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = pinned(LOAD_CORE, sys.executable, "-m", "benchmarks.gateway.streamer")
    load = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert load.stdout is not None
        yield load, int(load.stdout.readline())
    finally:
        load.kill()
        load.wait()


def _ask(load: subprocess.Popen[str], asked: dict[str, Any], meanwhile: Any = lambda: None) -> dict[str, Any]:
    assert load.stdin is not None
    assert load.stdout is not None
    print(json.dumps(asked), file=load.stdin, flush=True)
    while load.poll() is None:
        meanwhile()
        time.sleep(0.25)
    if not (said := load.stdout.readline()):
        raise SystemExit("the streams could not be measured")
    found: dict[str, Any] = json.loads(said)
    if found["complete"] != asked["streams"]:
        raise SystemExit(f"{found['complete']} of {asked['streams']} streams came to their end")
    return found
