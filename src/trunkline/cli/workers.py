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
from trunkline.server.worker import ORDERS, Failed, Place, Ready, work

REPLACEMENTS: Final = 5
REPLACEMENTS_SECONDS: Final = 60
"""So many workers are replaced in that time, beside each once: those that die again and again are not worth it."""
RETRY_SECONDS: Final = 30
STOP_SECONDS: Final = 10
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
        self._vacant: list[int] = []
        self._deaths: deque[float] = deque(maxlen=len(sockets) + REPLACEMENTS)
        self._deadline: float | None = None
        self._failure: str | None = None

    def run(self) -> None:
        """Return when all have ended as they were told to. Raises `TrunklineError` with what one of them failed of."""
        before = {number: signal.signal(number, self._order) for number in ORDERS}
        try:
            for place in range(len(self._sockets)):
                self._start(place)
            while self._running or (self._vacant and self._deadline is None):
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
        # A signal that comes meanwhile is this process's: in the new one, our handler would answer it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ORDERS)
        try:
            process.start()
        except OSError as error:
            _say(f"worker {number + 1} cannot be started: {error.strerror}")
            self._vacant.append(number)
            return
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._running[process.sentinel] = number, process

    def _look(self) -> None:
        ready = wait([self._reports, self._orders, *self._running], self._patience())
        while self._reports.poll():
            self._hear(self._reports.recv())
        if self._orders in ready:
            self._orders.recv_bytes()
            self._stop()
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._kill()
        for sentinel in ready:
            if isinstance(sentinel, int) and sentinel in self._running:
                self._bury(*self._running.pop(sentinel))
        if self._vacant and self._deadline is None:
            vacant, self._vacant = self._vacant, []
            for number in vacant:
                self._start(number)

    def _patience(self) -> float | None:
        """Return how long to wait for anything to happen, in seconds."""
        if self._deadline is not None:
            return None if self._deadline == math.inf else max(0.0, self._deadline - time.monotonic())
        return RETRY_SECONDS if self._vacant else None

    def _hear(self, report: Ready | Failed) -> None:
        if isinstance(report, Failed):
            self._fail(report.reason)
        elif self._ready is not None:
            ready, self._ready = self._ready, None
            ready()

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
            deaths = self._deaths
            deaths.append(time.monotonic())
            if len(deaths) == deaths.maxlen and deaths[-1] - deaths[0] < REPLACEMENTS_SECONDS:
                self._fail(f"{len(deaths)} workers died within {REPLACEMENTS_SECONDS} s; giving up")
                return
            _say(f"worker {number + 1} ended by itself ({how}) and is replaced")
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
        self._deadline = math.inf
        for _, process in self._running.values():
            process.kill()


def _forks() -> bool:
    return bool(_PROCESSES.get_start_method() == "fork")


def _say(line: str) -> None:
    sys.stderr.write(f"trunkline: {line}\n")
