"""What runs in each worker process: builds the application and tells the parent whether it can serve."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from trunkline.server.errors import TrunklineError
from trunkline.server.settings import Settings

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ASGI = Callable[[Any, Receive, Send], Awaitable[None]]

STOP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Ready:
    """This worker serves."""


@dataclass(frozen=True, slots=True)
class Failed:
    """This worker cannot start; `reason` is one line for people."""

    reason: str


def load_app(settings: Settings, parent: Connection) -> ASGI:
    """Return the application for this process; when it cannot be built, tell the parent why and wait to be ended."""
    # The parent's handlers came along with the fork and would swallow a SIGTERM.
    _obey_signals()
    from trunkline.server.runtime import create_app

    try:
        app: ASGI = create_app(settings)
    except (TrunklineError, OSError) as error:
        _give_up(parent, str(error))
    return Reporting(app, parent)


class Reporting:
    """Passes everything on to the application; reports how its start-up ended."""

    def __init__(self, app: ASGI, parent: Connection) -> None:
        self._app = app
        self._parent = parent

    def __call__(self, scope: Any, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: requests pay for one comparison only.
        return self._lifespan(scope, receive, send) if scope["type"] == "lifespan" else self._app(scope, receive, send)

    async def _lifespan(self, scope: Any, receive: Receive, send: Send) -> None:
        async def report(message: Any) -> None:
            if message["type"] == "lifespan.startup.failed":
                _give_up(self._parent, message.get("message") or "the application could not start")
            if message["type"] == "lifespan.startup.complete":
                self._parent.send(Ready())
            await send(message)

        try:
            await self._app(scope, receive, report)
        except (TrunklineError, OSError) as error:
            # granian would go on without lifespan, that is, serve an application that never started.
            _give_up(self._parent, str(error))


def _give_up(parent: Connection, reason: str) -> NoReturn:
    # The parent stops everything when it hears why; a process that ends before that would be started again.
    _obey_signals()
    parent.send(Failed(" ".join(reason.split())))
    time.sleep(STOP_SECONDS)
    sys.exit(1)


def _obey_signals() -> None:
    # Holds until granian takes over the signals. Ctrl-C reaches every process of a terminal: the parent passes it on.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
