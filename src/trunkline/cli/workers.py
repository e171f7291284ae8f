"""The worker processes of `trunkline serve`: started, replaced when they die, and ended with the command."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from trunkline.server.errors import TrunklineError
from trunkline.server.settings import Settings
from trunkline.server.worker import Failed, Place, Ready, Starting, work

REPLACEMENTS: Final = 5
REPLACEMENT_SECONDS: Final = 60
STOP_SECONDS: Final = 5
"""What a worker gets beyond the grace of calls before it is killed."""
# Forked workers share the memory of what was loaded before. Elsewhere system libraries do not survive a fork.
_PROCESSES: Final[Any] = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


class Workers:
    """One process for each of several sockets of the same address. SIGINT and SIGTERM end them, twice at once."""

    def __init__(self, settings: Settings, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        """`ready` is called once, as soon as the first worker serves."""
        self._settings = settings
        self._sockets = sockets
        self._ready: Callable[[], None] | None = ready
        self._reports, self._theirs = multiprocessing.Pipe(duplex=False)
        self._orders, self._ordered = multiprocessing.Pipe(duplex=False)
        # Ends when this process does, however it does: workers hold the other end.
        self._alive, self._held = multiprocessing.Pipe(duplex=False)
        self._running: dict[int, tuple[int, BaseProcess]] = {}
        self._starts: deque[float] = deque(maxlen=len(sockets) + REPLACEMENTS + 1)
        self._deadline: float | None = None
        self._failure: str | None = None

    def run(self) -> None:
        """Return when all have ended as they were told to. Raises `TrunklineError` with what one of them failed of."""
        before = {number: signal.signal(number, self._order) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            for place in range(len(self._sockets)):
                self._start(place)
            while self._running:
                self._look()
        finally:
            for _, process in self._running.values():
                process.kill()
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._failure is not None:
            raise TrunklineError(self._failure)

    def _start(self, number: int) -> None:
        mine = self._sockets[number]
        others: list[socket.socket | Connection] = [one for one in self._sockets if one is not mine]
        # What is inherited only; elsewhere a process begins with nothing but its arguments.
        strangers = [*others, self._held, self._reports, self._orders, self._ordered] if _forks() else []
        place = Place(mine, self._theirs, self._alive, strangers)
        process = _PROCESSES.Process(target=work, args=(self._settings, place), name=f"trunkline-{number + 1}")
        process.start()
        self._running[process.sentinel] = number, process

    def _look(self) -> None:
        patience = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        ready = wait([self._reports, self._orders, *self._running], patience)
        while self._reports.poll():
            self._hear(self._reports.recv())
        if self._orders in ready:
            self._orders.recv_bytes()
            self._stop()
        if not ready and self._deadline is not None:
            self._kill()
        for sentinel in ready:
            if isinstance(sentinel, int) and sentinel in self._running:
                self._bury(*self._running.pop(sentinel))

    def _hear(self, report: Starting | Ready | Failed) -> None:
        match report:
            case Starting():
                # Those that die again and again are not worth their replacement.
                self._starts.append(time.monotonic())
                if (
                    len(self._starts) == self._starts.maxlen
                    and self._starts[-1] - self._starts[0] < REPLACEMENT_SECONDS
                ):
                    self._fail(f"{REPLACEMENTS + 1} workers died within {REPLACEMENT_SECONDS} s; giving up")
            case Ready():
                ready, self._ready = self._ready, None
                if ready is not None:
                    ready()
            case Failed():
                self._fail(report.reason)

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            self._failure = reason
        if self._deadline is None:
            self._stop()

    def _bury(self, number: int, process: BaseProcess) -> None:
        process.join()
        if self._deadline is None:
            code = process.exitcode or 0
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            sys.stderr.write(f"trunkline: worker {number + 1} ended by itself ({how}) and is replaced\n")
            self._start(number)

    def _order(self, number: int, frame: object) -> None:
        # Between any two steps of the main thread: it only notes what `_look` is to do.
        with suppress(OSError):
            self._ordered.send_bytes(b"stop")

    def _stop(self) -> None:
        if self._deadline is not None:
            self._kill()
            return
        self._deadline = time.monotonic() + math.ceil(self._settings.grace_seconds) + STOP_SECONDS
        for listening in self._sockets:
            listening.close()  # or callers would wait in it for nobody
        for _, process in self._running.values():
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)

    def _kill(self) -> None:
        for _, process in self._running.values():
            process.kill()


def _forks() -> bool:
    return bool(_PROCESSES.get_start_method() == "fork")
