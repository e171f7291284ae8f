"""Calls for long, a million unless less is asked for: does memory stay where it is, is every call recorded?"""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from statistics import mean
from typing import Any

from benchmarks.gateway.field import Asked, direct, trunkline
from benchmarks.gateway.rates import CONNECTIONS, Load
from benchmarks.gateway.upstream import provider
from benchmarks.machine import resident

CALLS = 1_000_000
_AT_ONCE = 20
"""Seconds that wrk runs for at a time."""


def measure(calls: int) -> dict[str, Any]:
    """Send so many calls; return the worker's memory each second (bytes), failures, and how many were recorded."""
    with provider() as behind, direct(behind), trunkline(behind) as through:
        load, worker = Load("trunkline", through), through.server.worker
        load.run(5)  # what is built at first use is no growth
        before = _recorded(through)
        held: list[int] = []
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(1):
                held.append(resident(worker))

        watching = threading.Thread(target=watch)
        watching.start()
        sent, failed, began = 0, 0, time.monotonic()
        try:
            while sent < calls:
                said = subprocess.run(load.command(_AT_ONCE, CONNECTIONS), capture_output=True, text=True, check=True)
                (answers,) = re.findall(r"(\d+) requests in", said.stdout)
                sent += int(answers)
                failed += sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", said.stdout)))
        finally:
            seconds = time.monotonic() - began
            ended.set()
            watching.join()
        quarter = max(1, len(held) // 4)
        return {
            "calls": sent,
            "seconds": seconds,
            "failed": failed,
            "recorded": _recorded(through) - before - 1,
            "memory": held,
            "growth": mean(held[-quarter:]) - mean(held[quarter : 2 * quarter]),
        }


def _recorded(through: Asked) -> int:
    """Return how many calls the key has paid for, one more included that is made here to know the price."""
    one = json.loads(through.post())["usage"]["cost"]
    time.sleep(2)
    answer = through.server.get("/api/v1/key", **through.headers)
    return round(json.loads(answer.body)["data"]["usage"] / one)
