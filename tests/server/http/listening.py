"""A listener in a thread, with a front of the tests' own behind it: what is asked comes back, or what a test wants."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar, overload

import uvloop

from tests.server.http.callers import PATIENCE, Caller
from trunkline.server.errors import TrunklineError
from trunkline.server.http import answer
from trunkline.server.http.answer import Encoded
from trunkline.server.http.faults import fault
from trunkline.server.http.listener import Answers, Listener
from trunkline.server.http.patience import Patience
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream

T = TypeVar("T")
F = TypeVar("F", bound=Answers)
Made = Callable[[Request], Awaitable[Encoded | Stream]]
LIMIT = 100_000
"""Bytes of a body, of those to `/small` a hundred."""


class Front:
    """Says what it was asked: at once below `/kept`, else after a turn of the loop; `made` has answers by path."""

    def __init__(self, **made: Made) -> None:
        self.asked: list[Request] = []
        self.kept_answers: dict[bytes, Encoded] = {}
        self._made = {b"/" + name.encode(): one for name, one in made.items()}

    def limit(self, method: str, path: bytes) -> int:
        """Return how long a body may be."""
        return 100 if path == b"/small" else LIMIT

    def kept(self, request: Request) -> Encoded | None:
        """Answer at once what begins with `/kept`."""
        if (kept := self.kept_answers.get(request.path)) is not None:
            self.asked.append(request)
            return kept
        if not request.path.startswith(b"/kept"):
            return None
        self.asked.append(request)
        return echo(request)

    async def answer(self, request: Request) -> Encoded | Stream:
        """Answer anything."""
        self.asked.append(request)
        if (made := self._made.get(request.path)) is not None:
            return await made(request)
        await asyncio.sleep(0)
        return echo(request)

    def refused(self, error: TrunklineError) -> Encoded:
        """Tell it in the envelope."""
        return fault(error).ready(b"")


def echo(request: Request) -> Encoded:
    """Return the answer that says what was asked; it carries an entity tag."""
    said = {
        "method": request.method,
        "path": request.path.decode(),
        "query": request.query.decode(),
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.items()},
        "body": request.body.decode("latin-1"),
    }
    return answer.json(said, tagged=True).ready(b"")


class Listening(Generic[F]):
    """A listener that runs."""

    def __init__(self, port: int, front: F, listener: Listener, loop: asyncio.AbstractEventLoop) -> None:
        self.port, self.front, self.listener, self._loop = port, front, listener, loop

    def caller(self, *, taking: int | None = None) -> Caller:
        """Connect."""
        return Caller(self.port, taking=taking)

    def do(self, what: Callable[[], object]) -> None:
        """Do something in the listener's thread, soon."""
        self._loop.call_soon_threadsafe(what)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin something in the listener's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)


class Gate:
    """Holds up answers until a test opens it; `reached` is set as soon as one waits."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = asyncio.Event()

    async def passed(self) -> None:
        """Wait for the test."""
        self.reached.set()
        await self._open.wait()

    def open(self, listening: Listening[Any]) -> None:
        """Let everybody through."""
        listening.do(self._open.set)


@overload
def listening(front: F, **patience: float) -> AbstractContextManager[Listening[F]]: ...
@overload
def listening(**patience: float) -> AbstractContextManager[Listening[Front]]: ...
def listening(front: Any = None, **patience: float) -> AbstractContextManager[Listening[Any]]:
    """Serve with a front until the block ends; `patience` has the times that a test needs to be short."""
    return _listening(front or Front(), patience)


@contextmanager
def _listening(front: F, patience: dict[str, float]) -> Iterator[Listening[F]]:
    listening_at, made, told = socket.create_server(("127.0.0.1", 0)), Future[Listening[F]](), asyncio.Event()

    async def run() -> None:
        listener = Listener(front, Patience(**({"look": 0.02} | patience)))
        await listener.listen(listening_at)
        port = listening_at.getsockname()[1]
        made.set_result(Listening(port, front, listener, asyncio.get_running_loop()))
        await told.wait()
        await listener.end(0)

    thread = threading.Thread(target=uvloop.run, args=(run(),))
    thread.start()
    running = made.result(PATIENCE)
    try:
        yield running
    finally:
        running.do(told.set)
        thread.join(PATIENCE)
    assert not thread.is_alive()


def eventually(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def asked(reply: Any) -> tuple[str, str, str]:
    """Return method, path and body that an echo says."""
    said = json.loads(reply.body)
    return said["method"], said["path"], said["body"]
