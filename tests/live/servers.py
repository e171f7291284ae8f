"""Real servers on real sockets: `trunkline serve` as a process, or the application with a clock of ours."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from tests.conftest import COMMAND
from tests.live.wire import Site
from trunkline.server.http.app import App
from trunkline.server.runtime import create_app
from trunkline.server.settings import Settings

PATIENCE = 30
"""Seconds that a server may take to start or stop before the test gives up."""


@contextmanager
def process(home: Path, **variables: str) -> Iterator[Site]:
    """Run `trunkline serve` with a home on a free port until the block ends; it must then end well."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    home.parent.mkdir(parents=True, exist_ok=True)
    log = home.with_name(f"{home.name}.log")
    with log.open("wb") as said:
        running = subprocess.Popen(
            [COMMAND, "serve", "--home", home, "--port", "0"],
            env=clean | variables,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Site("127.0.0.1", _announced_port(running, log))
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0, log.read_text()
    finally:
        running.kill()
        running.wait()


@contextmanager
def in_process(settings: Settings, clock: Callable[[], float]) -> Iterator[Site]:
    """Run the application in a thread, with a clock that the test holds."""
    with embedded(lambda: create_app(settings, clock)) as running:
        yield running


@contextmanager
def embedded(make: Callable[[], App]) -> Iterator[Site]:
    """Run an application, made in the thread that serves it."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    started: queue.Queue[BaseException | None] = queue.Queue()
    stop: list[Callable[[], object]] = []

    async def run() -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(told.set))
        await make().serve(listening, told.wait(), ready=lambda: started.put(None))

    def serve() -> None:
        try:
            uvloop.run(run())
        except BaseException as error:
            started.put(error)
            raise

    thread = threading.Thread(target=serve, name="server-under-test")
    thread.start()
    try:
        if (error := started.get(timeout=PATIENCE)) is not None:
            raise error
        site = Site("127.0.0.1", port)
        site.wait_until_ready(PATIENCE)
        yield site
    finally:
        for end in stop:
            end()
        thread.join(PATIENCE)


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _announced_port(running: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < deadline:
        said = log.read_text()
        if " ready in " in said:
            return int(re.findall(r" at http://[^/]*:([0-9]+)/", said)[0])
        time.sleep(0.02)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
