"""One small completion again and again: at 64 connections beside others, and at one for what a call waits longer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.gateway.field import FIELD, Asked, Missing, direct
from benchmarks.gateway.upstream import provider
from benchmarks.machine import LOAD_CORE, WORK, pinned, processor_seconds

CONNECTIONS = 64
TARGETS = {"ratio": 0.10, "aim": 0.15, "added_us": 250}
_UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: answers per second; the server's processor time for one and the median latency in microseconds."""

    per_second: float
    processor_us: float
    median_us: float


@dataclass(frozen=True, slots=True)
class Load:
    """A request that wrk sends again and again."""

    name: str
    asked: Asked

    def command(self, seconds: int, connections: int) -> list[str]:
        """Return the wrk command."""
        timing = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency"]
        return pinned(LOAD_CORE, "wrk", *timing, "-s", self._script(), self.asked.server.url(self.asked.path))

    def run(self, seconds: int, connections: int = CONNECTIONS) -> Measured:
        """Send it for some seconds."""
        pid = self.asked.server.pid
        before = processor_seconds(pid)
        said = subprocess.run(self.command(seconds, connections), capture_output=True, text=True, check=True).stdout
        spent = processor_seconds(pid) - before
        if (failed := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*", said)) is not None:
            raise SystemExit(f"{self.name}: {failed[0]}")
        (answers,) = re.findall(r"(\d+) requests in", said)
        (per_second,) = re.findall(r"Requests/sec:\s+([\d.]+)", said)
        ((middle, unit),) = re.findall(r"50%\s+([\d.]+)(us|ms|s)", said)
        return Measured(float(per_second), spent / max(1, int(answers)) * 1e6, float(middle) * _UNITS[unit])

    def _script(self) -> Path:
        script = WORK / f"post-{self.name}.lua"
        headers = {"Content-Type": "application/json", **self.asked.headers}
        lines = [f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in headers.items()]
        script.write_text("\n".join(['wrk.method = "POST"', f"wrk.body = {_lua(self.asked.body.decode())}", *lines]))
        script.chmod(0o600)
        return script


def beside(names: list[str], rounds: int, seconds: int) -> dict[str, Any]:
    """Return what each of the named gateways answers, measured in turns, and Trunkline's share of nginx's answers."""
    skipped: dict[str, str] = {}
    with ExitStack() as running:
        behind = running.enter_context(provider())
        straight = running.enter_context(direct(behind))
        loads = {"provider": Load("provider", straight)}
        for name in names:
            try:
                asked = running.enter_context(FIELD[name](behind))
            except Missing as reason:
                print(f"left out: {reason}", file=sys.stderr)
                skipped[name] = str(reason)
                continue
            if b"How can I help you" not in asked.post():
                raise SystemExit(f"{name} does not pass on what the provider says")
            loads[name] = Load(name, asked)
        crowd = _in_turns(loads, rounds, seconds, CONNECTIONS)
        alone = _in_turns({name: loads[name] for name in loads if name != "litellm"}, rounds, seconds, 1)
    base = median(one.median_us for one in alone["provider"])
    taken: dict[str, Any] = {
        name: {
            "rounds": [one.per_second for one in runs],
            "per_second": median(one.per_second for one in runs),
            "best": max(one.per_second for one in runs),
            "processor_us": median(one.processor_us for one in runs),
            "median_us": median(one.median_us for one in runs),
        }
        for name, runs in crowd.items()
    }
    for name, runs in alone.items():
        taken[name]["alone_us"] = median(one.median_us for one in runs)
        taken[name]["added_us"] = taken[name]["alone_us"] - base
    found: dict[str, Any] = {"servers": taken, "skipped": skipped, "targets": TARGETS, "connections": CONNECTIONS}
    if "nginx" in taken:
        # Each round has its own ratio: what else the machine was doing held up both.
        of = taken["nginx"]
        for one in taken.values():
            one["ratio"] = median(a / b for a, b in zip(one["rounds"], of["rounds"], strict=True))
            one["processor_ratio"] = of["processor_us"] / one["processor_us"] if one["processor_us"] else None
    return found


def _in_turns(loads: dict[str, Load], rounds: int, seconds: int, connections: int) -> dict[str, list[Measured]]:
    for load in loads.values():
        load.run(1, connections)
    taken: dict[str, list[Measured]] = {name: [] for name in loads}
    for _ in range(rounds):
        for name, load in loads.items():
            taken[name].append(load.run(seconds, connections))
    return taken


def _lua(text: str) -> str:
    return json.dumps(text)
