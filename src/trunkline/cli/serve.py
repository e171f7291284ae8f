"""`trunkline serve`: checks what can be checked before starting, then runs the server until it is told to stop."""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import MPServer

from trunkline import __version__
from trunkline.cli.flags import Listen
from trunkline.server.errors import SettingsError, TrunklineError
from trunkline.server.settings import Settings
from trunkline.server.worker import STOP_SECONDS, STOPPING, Failed, Ready, Starting, load_app

if TYPE_CHECKING:
    from trunkline.server.runtime import FirstStart

REPLACEMENTS: Final = 5
REPLACEMENT_SECONDS: Final = 60

_DEFAULTS = Listen()
_QUIET: Final[dict[str, Any]] = {
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"},
    },
    "formatters": {"generic": {"format": "trunkline: %(message)s"}},
    "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
}


def serve(flags: Listen = _DEFAULTS) -> int:
    """Run the server until Ctrl-C or SIGTERM."""
    started = time.monotonic()
    settings = flags.load().settings
    prepare_home(settings.home)
    address, port = free_address(settings.host, settings.port)
    settings = msgspec.structs.replace(settings, port=port)
    url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    _say(f"Trunkline {__version__} at {url}/api/v1 (documentation: {url}/docs)")
    _say(f"data in {settings.home}")

    # Loaded here once, after the checks that need none of it: forked workers share its memory (frozen, so that the
    # garbage collector does not write to it), and a replacement starts at once.
    from trunkline.server.runtime import first_start

    _introduce(settings, first_start(settings, draw=sys.stdout.isatty()))
    settings = msgspec.structs.replace(settings, management_key=None)  # no worker needs it
    gc.freeze()

    ours, theirs = multiprocessing.Pipe(duplex=False)
    server = _Server(
        "trunkline.server.runtime:create_app",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,  # and not whatever else happens to be installed
        workers=settings.workers,
        websockets=False,
        # A worker that dies in service is replaced; one that cannot start ends the command, see `_listen`.
        respawn_failed_workers=True,
        workers_kill_timeout=math.ceil(settings.grace_seconds) + STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_QUIET,
    )
    failures: list[Failed] = []
    listener = threading.Thread(target=_listen, args=(ours, server, (address, port), started, failures), daemon=True)
    server.on_startup(listener.start)
    try:
        server.serve(target_loader=partial(load_app, settings, theirs), wrap_loader=False)
    except SystemExit as ended:
        if not failures:
            return ended.code if isinstance(ended.code, int) else 1
    if failures:
        raise TrunklineError(failures[0].reason)
    return 0


class _Server(MPServer):
    """granian, telling its workers that they are about to be ended: it would let calls go on until it kills them."""

    def shutdown(self, exit_code: int = 0) -> None:
        for worker in multiprocessing.active_children():
            if STOPPING is not None and worker.pid:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, STOPPING)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def _introduce(settings: Settings, found: FirstStart) -> None:
    if found.made is not None:
        account = found.made.account
        _say(f"made the account {account.name} ({account.id})")
        if settings.management_key is None:
            _say(f"its management key, shown this once: {found.made.text}")
    elif not found.has_account:
        # Whoever reads a log later would read the key: it is drawn only for somebody who sees it at once.
        _say("no account yet: set TRUNKLINE_MANAGEMENT_KEY, or run `trunkline account create NAME`")
    if found.providers:
        _say(f"calls go to {', '.join(sorted(found.providers))}")
    else:
        _say("no provider is configured: the catalogue is served, and no call is passed on")


def prepare_home(home: Path) -> None:
    """Create the data folder, readable by its owner only; leave one that exists as it is. Raises `SettingsError`."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"home {home}: cannot be created: {error.strerror}") from None


def free_address(host: str, port: int) -> tuple[str, int]:
    """Return the numeric address and port to listen on (a free port for 0). Raises `SettingsError` if it is taken.

    granian shares its port with whoever asks for it in the same way, so a second server would go unnoticed.
    """
    try:
        family, kind, protocol, _, (address, *_) = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SettingsError(f"host {host}: {error.strerror or error}") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise SettingsError(f"cannot listen on {host} port {port}: {error.strerror}") from None
        return str(address), probe.getsockname()[1]


def _listen(reports: Connection, server: Any, at: tuple[str, int], started: float, failures: list[Failed]) -> None:
    # Hears the workers' reports: the first that is ready is announced; the first that cannot start ends the command,
    # and so do workers that die again and again (granian's own count misses that when there are several).
    announced = False
    starts: deque[float] = deque(maxlen=server.workers + REPLACEMENTS + 1)
    while True:
        try:
            report = reports.recv()
        except (EOFError, OSError):
            return  # the command is over
        match report:
            case Starting():
                starts.append(time.monotonic())
                if len(starts) == starts.maxlen and starts[-1] - starts[0] < REPLACEMENT_SECONDS:
                    report = Failed(f"{REPLACEMENTS + 1} workers died within {REPLACEMENT_SECONDS} s; giving up")
            case Ready() if not announced:
                announced = True
                count = _count(*at)
                models = "" if count is None else f"{count} models, "
                _say(f"{models}ready in {time.monotonic() - started:.1f} s; Ctrl-C stops")
        if isinstance(report, Failed):
            failures.append(report)
            server.signal_handler_interrupt()
            return


def _count(address: str, port: int) -> int | None:
    # Asks as any client would; a few tries, because the worker says it is ready a moment before it accepts.
    for _ in range(20):
        connection = HTTPConnection(address, port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return int(msgspec.json.decode(connection.getresponse().read())["models"])
        except (OSError, HTTPException):
            time.sleep(0.05)
        except (msgspec.DecodeError, KeyError, TypeError):
            return None
        finally:
            connection.close()
    return None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
