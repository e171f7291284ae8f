"""What runs in each worker process: builds the application and tells the parent whether it can serve."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, NoReturn

from trunkline.server.errors import TrunklineError
from trunkline.server.settings import Settings

if TYPE_CHECKING:
    from trunkline.server.http.app import App

STOPPING = getattr(signal, "SIGUSR1", None)
"""What the parent sends to its workers before it ends them; None where there are no such signals."""
STOP_SECONDS = 5
YOUNG = 20_000
"""Objects that may be younger than the collector's last round: a call makes some hundreds and frees nearly all of them
itself, so that with Python's 700 every third call pays for a round that finds nothing.
"""
REASON_LENGTH = 1000
"""Characters: workers share one pipe, on which messages of up to 4096 bytes do not mix."""


@dataclass(frozen=True, slots=True)
class Starting:
    """A worker process exists and loads the application."""


@dataclass(frozen=True, slots=True)
class Ready:
    """This worker serves."""


@dataclass(frozen=True, slots=True)
class Failed:
    """This worker cannot start; `reason` is one line for people."""

    reason: str


def load_app(settings: Settings, parent: Connection) -> App:
    """Return the application for this process; when it cannot be built, tell the parent why and wait to be ended."""
    # The parent's handlers came along with the fork and would swallow a SIGTERM.
    _obey_signals()
    _work_in_batches()
    parent.send(Starting())
    try:
        from trunkline.server.runtime import create_app

        app = create_app(settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, this process cannot serve
        _give_up(parent, error)
    app.reports = _ToParent(app, parent)
    return app


class _ToParent:
    """Implements `http.app.Reports`: tells the parent process how the start ended, and prepares this one to serve."""

    def __init__(self, app: App, parent: Connection) -> None:
        self._app = app
        self._parent = parent

    def ready(self) -> None:
        if STOPPING is not None:
            asyncio.get_running_loop().add_signal_handler(STOPPING, self._app.stopping)
        gc.freeze()
        gc.set_threshold(YOUNG)
        self._parent.send(Ready())

    def failed(self, error: Exception) -> NoReturn:
        _give_up(self._parent, error)


def _give_up(parent: Connection, error: Exception) -> NoReturn:
    # The parent stops everything when it hears why; a process that ends before that would be started again.
    _obey_signals()
    if not isinstance(error, TrunklineError | OSError):
        traceback.print_exception(error)  # a mistake of ours: whoever reports it needs to see where
    reason = " ".join(str(error).split()) or type(error).__name__
    parent.send(Failed(reason[:REASON_LENGTH]))
    time.sleep(1)
    sys.exit(1)


def _work_in_batches() -> None:
    # A request passes between two threads, the socket's and Python's. On one core Linux would switch at every wake-up,
    # twice a request; threads of this policy wait for the other to run out of work. 1.7 times the answers a second,
    # see docs/performance.md. Threads that are started later inherit it.
    if sys.platform == "linux":
        with suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _obey_signals() -> None:
    # Holds until granian takes over the signals. Ctrl-C reaches every process of a terminal: the parent passes it on.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if STOPPING is not None:
        signal.signal(STOPPING, signal.SIG_IGN)  # until there is somebody to be told
