"""A provider that does exactly what a test tells it, byte by byte, on a real socket."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Send:
    """Send these bytes as they are."""

    data: bytes


@dataclass(frozen=True)
class Pause:
    """Send nothing for some seconds; ends early when the client leaves."""

    seconds: float


@dataclass(frozen=True)
class Wait:
    """Send nothing until the test says so."""

    event: threading.Event


class Close:
    """Close the connection in the ordinary way."""


class Reset:
    """Close the connection with a TCP reset."""


class Hang:
    """Say nothing more, and wait until the client leaves."""


Step = Send | Pause | Wait | Close | Reset | Hang
_MISSING = Send(b"HTTP/1.1 501 Not Scripted\r\ncontent-length: 0\r\n\r\n")


@dataclass
class Call:
    """One request as it was received. `gone` is set once the client has closed the connection."""

    head: bytes
    body: bytes
    connection: int
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def path(self) -> str:
        """The request's target."""
        return self.head.split(b" ", 2)[1].decode()

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode("latin-1")
        return None


class ScriptedProvider:
    """Serves from a thread of its own while the `with` block lasts; each call uses up one script."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._listener = socket.create_server((host, 0))
        self._listener.setblocking(False)
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self.calls: list[Call] = []
        self.connections = 0
        self._scripts: deque[tuple[Step, ...]] = deque()
        self._always: tuple[Step, ...] | None = None
        self._choose: Callable[[Call], tuple[Step, ...]] | None = None
        self._loop = asyncio.new_event_loop()
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        """The base URL to configure for the OpenAI dialect."""
        return f"http://{self.host}:{self.port}/v1"

    def then(self, *steps: Step) -> Self:
        """Add the script of one more call."""
        self._scripts.append(steps)
        return self

    def always(self, *steps: Step) -> Self:
        """Use this script for every call that has none of its own."""
        self._always = steps
        return self

    def forget(self) -> None:
        """Begin anew: nothing called, nothing to play."""
        self.calls.clear()
        self._scripts.clear()
        self._always = self._choose = None

    def answer(self, choose: Callable[[Call], tuple[Step, ...]]) -> Self:
        """Use what this makes of a call, for every call that has no script of its own."""
        self._choose = choose
        return self

    def await_calls(self, count: int, seconds: float = 10) -> list[Call]:
        """Return the calls once there are so many of them."""
        limit = time.monotonic() + seconds
        while len(self.calls) < count:
            assert time.monotonic() < limit, f"only {len(self.calls)} of {count} calls came"
            time.sleep(0.005)
        return self.calls

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        self._listener.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()
        accepting = asyncio.create_task(self._accept(tasks))
        self._ready.set()
        await self._stop.wait()
        for task in (accepting, *tasks):
            task.cancel()
        await asyncio.gather(accepting, *tasks, return_exceptions=True)

    async def _accept(self, tasks: set[asyncio.Task[None]]) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            task = asyncio.create_task(self._talk(client, self.connections))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _talk(self, client: socket.socket, number: int) -> None:
        buffer = b""
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    if not (more := await self._loop.sock_recv(client, 65536)):
                        return
                    buffer += more
                head, buffer = buffer.split(b"\r\n\r\n", 1)
                call = Call(head, b"", number)
                length = int(call.header("content-length") or 0)
                while len(buffer) < length:
                    if not (more := await self._loop.sock_recv(client, 1 << 20)):
                        return
                    buffer += more
                call.body, buffer = buffer[:length], buffer[length:]
                script = self._scripts.popleft() if self._scripts else self._always
                if script is None and self._choose is not None:
                    script = self._choose(call)
                self.calls.append(call)
                if not await self._play(client, call, script if script is not None else (_MISSING,)):
                    return
        except OSError:
            pass
        finally:
            client.close()

    async def _play(self, client: socket.socket, call: Call, script: tuple[Step, ...]) -> bool:
        """Play a script; tell whether the connection goes on."""
        try:
            for step in script:
                match step:
                    case Send(data):
                        await self._loop.sock_sendall(client, data)
                    case Pause(seconds):
                        if await self._left(client, seconds):
                            call.gone.set()
                            return False
                    case Wait(event):
                        # Not in a thread: for one whose test fails before it says so, Python would wait for ever.
                        while not event.is_set():  # noqa: ASYNC110 - the test that sets it is another thread
                            await asyncio.sleep(0.002)
                    case Hang():
                        await self._left(client, None)
                        call.gone.set()
                        return False
                    case Close():
                        return False
                    case Reset():
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return False
        except OSError:
            call.gone.set()
            return False
        return True

    async def _left(self, client: socket.socket, seconds: float | None) -> bool:
        """Tell whether the client closes within some seconds; None waits for it."""
        try:
            async with asyncio.timeout(seconds):
                return not await self._loop.sock_recv(client, 1)
        except TimeoutError:
            return False
        except OSError:
            return True
