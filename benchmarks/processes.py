"""What a server process costs: the time to its first answer, its memory, and the longest list while others ask."""

from __future__ import annotations

import subprocess
import threading
import time
from http.client import HTTPConnection
from statistics import median
from typing import Any

from benchmarks.catalogues import Catalogue
from benchmarks.machine import COMMAND, resident
from benchmarks.servers import Server, free_port, trunkline
from benchmarks.throughput import LIST


def starts(catalogue: Catalogue, rounds: int) -> dict[str, Any]:
    """Return the seconds from the command to the first whole list, on an existing home; not pinned."""
    return {"rounds": (taken := [_start(catalogue) for _ in range(rounds)]), "median": median(taken)}


def memory(catalogue: Catalogue) -> dict[str, Any]:
    """Return the resident memory of the worker (bytes): when it is ready, and after lists in every coding."""
    with trunkline(catalogue.home) as server:
        ready = resident(server.worker)
        for coding in ("identity", "gzip", "br", "zstd"):
            server.get(LIST, accept_encoding=coding)
            server.get(f"{LIST}&q=a&sort=newest&limit=1000", accept_encoding=coding)
        return {"models": catalogue.models, "ready": ready, "after lists": resident(server.worker)}


def long_lists(catalogue: Catalogue) -> dict[str, Any]:
    """Return, for the whole list in each coding, its seconds and bytes, what memory it took, and how others fared."""
    with trunkline(catalogue.home) as server:
        taken: dict[str, Any] = {}
        for coding in ("identity", "gzip", "br", "zstd"):
            server.get(f"{LIST}&limit=1", accept_encoding=coding)
            before = resident(server.worker)
            waited = Waiting(server)
            started = time.perf_counter()
            taken_bytes = server.drain(LIST, accept_encoding=coding)
            seconds = time.perf_counter() - started
            taken[coding] = {
                "seconds": seconds,
                "bytes": taken_bytes,
                "memory": resident(server.worker) - before,
                "others": waited.end(),
            }
        return taken


class Waiting:
    """Asks for five models again and again from a thread of its own, and remembers how long each answer took (ms)."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._times: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        time.sleep(0.3)

    def end(self) -> dict[str, float]:
        """Stop, and return the median and the longest time."""
        self._ended.set()
        self._thread.join()
        return {"median": median(self._times), "max": max(self._times)}

    def _ask(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        while not self._ended.wait(0.005):
            started = time.perf_counter()
            connection.request("GET", f"/api/v1/models?limit=5&offset={len(self._times)}")
            connection.getresponse().read()
            self._times.append((time.perf_counter() - started) * 1e3)
        connection.close()


def _start(catalogue: Catalogue) -> float:
    port = free_port()
    started = time.perf_counter()
    running = subprocess.Popen(
        [COMMAND, "serve", "--home", catalogue.home, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        Server(port, running.pid).wait(LIST)
        return time.perf_counter() - started
    finally:
        running.terminate()
        running.wait()
