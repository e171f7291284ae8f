"""What runs in each worker process: serves the application on a socket until its parent says stop, or is gone."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final, NoReturn

import uvloop

from trunkline.server import pages
from trunkline.server.errors import TrunklineError
from trunkline.server.settings import Settings

if TYPE_CHECKING:
    from trunkline.server.http.app import App

ORDERS: Final = (signal.SIGINT, signal.SIGTERM)
"""What ends the command. Blocked while a worker is made, which could take it for its parent's."""
CLOSING_SECONDS: Final = 2
"""What answers get beyond the grace of calls: for the last words of those that have none left."""
SETTLED_SECONDS: Final = 2.0
"""After its start a worker has in memory what it will have; until then whoever waited for it is answered."""
YOUNG: Final = 20_000
"""Objects that may be younger than the collector's last round: a call makes some hundreds and frees nearly all of them
itself, so that with Python's 700 every third call pays for a round that finds nothing.
"""
REASON_LENGTH: Final = 1000
"""Characters: workers share one pipe, on which messages of up to 4096 bytes do not mix."""


@dataclass(frozen=True, slots=True)
class Ready:
    """This worker serves."""


@dataclass(frozen=True, slots=True)
class Failed:
    """This worker cannot start; `reason` is one line for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker stands: its socket, whom it reports to, and what tells that its parent is there.

    `others` came along with the fork and would keep alive what others close.
    """

    listening: socket.socket
    reports: Connection
    parent: Connection
    others: Sequence[socket.socket | Connection] = ()


def work(settings: Settings, place: Place) -> None:
    """Serve until told to stop by SIGTERM, or by the end of the parent; a worker that cannot start says why."""
    # The parent's handlers came along with the fork. Ctrl-C reaches every process of a terminal: it passes it on.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ORDERS)
    for other in place.others:
        other.close()
    _work_in_batches()
    try:
        from trunkline.server.runtime import create_app

        uvloop.run(_serve(create_app(settings), settings, place))
    except Exception as error:  # noqa: BLE001 - whatever it is, this process cannot serve
        _give_up(place.reports, error)


async def _serve(app: App, settings: Settings, place: Place) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def orphaned() -> None:
        loop.remove_reader(place.parent.fileno())
        told.set()

    def ready() -> None:
        gc.freeze()
        gc.set_threshold(YOUNG)
        place.reports.send(Ready())
        later = threading.Timer(SETTLED_SECONDS, pages.collapse)
        later.daemon = True
        later.start()

    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_reader(place.parent.fileno(), orphaned)  # nobody ever writes to it: it can only end
    grace = settings.grace_seconds + CLOSING_SECONDS
    await app.serve(place.listening, told.wait(), ready=ready, grace_seconds=grace)


def _give_up(reports: Connection, error: Exception) -> NoReturn:
    if not isinstance(error, TrunklineError | OSError):
        traceback.print_exception(error)  # a mistake of ours: whoever reports it needs to see where
    reason = " ".join(str(error).split()) or type(error).__name__
    reports.send(Failed(reason[:REASON_LENGTH]))
    sys.exit(1)


def _work_in_batches() -> None:
    # On one core Linux would let the ledger's thread, and other processes, in at every wake-up; threads of this policy
    # wait for the others to run out of work. Threads that are started later inherit it.
    if sys.platform == "linux":
        with suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
