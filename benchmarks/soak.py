"""A soak: mixed requests for a long time while another process imports a list every second; each answer is judged.

Usage: python -m benchmarks.soak [--requests N] [--seconds N]; two million requests unless told otherwise.
An answer must be wholly of one list, the same whenever that list is served, and of the status that its request
asks for; the worker's memory must stay flat.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from benchmarks import soak_lists
from benchmarks.catalogues import trunkline as command
from benchmarks.machine import LOAD_CORE, WORK, pinned, resident
from benchmarks.servers import Server, trunkline
from benchmarks.soak_requests import Judge, mixed

CONNECTIONS = 8
BATCH = 16
"""Requests that a connection sends before it reads the answers (HTTP/1.1 pipelining)."""


@dataclass
class Report:
    """What a soak gave: the revisions served first and last, and the worker's resident bytes, one sample a second."""

    requests: int = 0
    seconds: float = 0.0
    imports: int = 0
    before: int = 0
    revision: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    served: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """Bytes between the median memory of the second quarter and that of the last."""
        if len(self.memory) < 4:
            return 0
        quarter = max(1, len(self.memory) // 4)
        return int(median(self.memory[-quarter:]) - median(self.memory[quarter : 2 * quarter]))


def run(*, requests: int | None = None, seconds: float | None = None) -> Report:
    """Soak until so many requests are answered or so much time has passed."""
    report, ended = Report(), threading.Event()
    with tempfile.TemporaryDirectory(dir=_place()) as place:
        home = Path(place) / "home"
        files = soak_lists.write(Path(place))
        # Each list once more than served: what only one of them and the bundled catalogue know has gone by then.
        for file in (*files, files[0]):
            command("catalog", "import", "--accept", "--home", str(home), str(file))
        with trunkline(home) as server:
            judge = Judge(json.loads(file.read_text())["data"] for file in files)
            report.before = _revision(server)
            importing = _importer(home, files)
            sampler = threading.Thread(target=_sample, args=(server, report.memory, ended))
            askers = [
                threading.Thread(target=_ask, args=(server, judge, ended, number)) for number in range(CONNECTIONS)
            ]
            started = time.monotonic()
            for thread in (sampler, *askers):
                thread.start()
            while not ended.wait(0.1):
                passed = time.monotonic() - started
                if judge.failures or (requests and judge.answered >= requests) or (seconds and passed >= seconds):
                    ended.set()
            for thread in (sampler, *askers):
                thread.join()
            report.seconds = time.monotonic() - started
            said, complaint = importing.communicate("end\n", timeout=60)
            if importing.returncode:
                judge.failures.append(f"the importer failed: {complaint}")
            report.imports = int(said.split()[-1]) if said.split() else 0
            report.revision = _settled(server, report.before + report.imports)
            report.requests, report.failures = judge.answered, judge.failures
            report.statuses, report.served = dict(sorted(judge.statuses.items())), dict(judge.served)
    return report


def _revision(server: Server) -> int:
    return int(json.loads(server.get("/readyz").body)["revision"])


def _settled(server: Server, expected: int) -> int:
    """Return the revision that is served once the last import has been noticed."""
    deadline = time.monotonic() + 10
    while (revision := _revision(server)) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    return revision


def _place() -> Path:
    WORK.mkdir(parents=True, exist_ok=True)
    return WORK


def _importer(home: Path, files: tuple[Path, Path]) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        pinned(LOAD_CORE, sys.executable, "-m", "benchmarks.soak_lists", home, *files),
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    started.stdout.readline()
    return started


def _sample(server: Server, memory: list[int], ended: threading.Event) -> None:
    worker = server.worker
    while not ended.wait(1.0):
        memory.append(resident(worker))


def _ask(server: Server, judge: Judge, ended: threading.Event, number: int) -> None:
    try:
        with Connection(server.port) as connection:
            drawn = mixed(judge, seed=number)
            while not ended.is_set():
                asked = [next(drawn) for _ in range(BATCH)]
                connection.send(b"".join(request.sent for request in asked))
                for request in asked:
                    judge.judge(request, *connection.receive(request.head))
    except (OSError, ValueError, KeyError) as error:
        judge.failures.append(f"a connection broke: {error!r}")


class Connection:
    """A keep-alive connection that reads answers of a stated length."""

    def __init__(self, port: int) -> None:
        import socket

        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._held = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, sent: bytes) -> None:
        """Send requests."""
        self._socket.sendall(sent)

    def receive(self, without_body: bool) -> tuple[int, dict[bytes, bytes], bytes]:
        """Return status, headers and body of the next answer."""
        while (end := self._held.find(b"\r\n\r\n")) < 0:
            self._more()
        first, *lines = bytes(self._held[:end]).split(b"\r\n")
        status = int(first.split(b" ", 2)[1])
        headers = dict(line.lower().split(b": ", 1) if b"etag" not in line else line.split(b": ", 1) for line in lines)
        length = 0 if without_body or status == 304 else int(headers[b"content-length"])
        while len(self._held) < end + 4 + length:
            self._more()
        body = bytes(self._held[end + 4 : end + 4 + length])
        del self._held[: end + 4 + length]
        return status, headers, body

    def _more(self) -> None:
        part = self._socket.recv(1 << 20)
        if not part:
            raise ConnectionResetError("the server hung up")
        self._held += part


def main() -> int:
    """Soak as the command line says and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=None)
    given = parser.parse_args()
    wanted = given.requests or (None if given.seconds else 2_000_000)
    report = run(requests=wanted, seconds=given.seconds)
    told: dict[str, Any] = asdict(report) | {"growth": report.growth}
    (WORK / "soak.json").write_text(json.dumps(told) + "\n")
    print(json.dumps(told | {"memory": f"{min(report.memory)} to {max(report.memory)}"}, indent=1))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
