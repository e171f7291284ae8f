"""Writes log lines in batches from a thread of its own: a slow reader of standard error holds up no request."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, Final

PAUSE_SECONDS: Final = 0.1
"""For how long lines are gathered; a process that is killed takes these with it."""
BOUND: Final = 10_000
"""Lines that wait at most. Who cannot keep up loses those after, and is told how many."""
_BATCH: Final = 500

Line = Callable[[], bytes]
"""Makes one line without its end, in the thread that writes."""


class Lines:
    """A queue of lines on their way to a file; lives as long as its process."""

    def __init__(self, out: Callable[[], BinaryIO], lost: Callable[[int], bytes], bound: int = BOUND) -> None:
        """`out` returns the file to write to; `lost` makes the line that says how many others are missing."""
        self._out = out
        self._lost = lost
        self._bound = bound
        self._waiting: deque[Line] = deque()
        self._missed = 0
        self._turn = threading.Lock()
        self._any = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, line: Line) -> None:
        """Have a line written soon; returns at once."""
        if len(self._waiting) >= self._bound:
            self._missed += 1
            return
        self._waiting.append(line)
        if not self._any.is_set():
            self._any.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="log", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def flush(self) -> None:
        """Write what waits, now."""
        with self._turn:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]
                self._write([made for line in batch if (made := self._made(line)) is not None])
            missed, self._missed = self._missed, 0
            if missed:
                self._write([self._lost(missed)])

    def _keep(self) -> None:
        while True:
            self._any.wait()
            time.sleep(PAUSE_SECONDS)
            self._any.clear()
            self.flush()

    def _made(self, line: Line) -> bytes | None:
        try:
            return line()
        except Exception:  # noqa: BLE001 - one line that cannot be made must not end all others
            self._missed += 1
            return None

    def _write(self, lines: list[bytes]) -> None:
        # Where nobody can read them any more, there is nobody to be told either.
        with suppress(OSError, ValueError, AttributeError):
            out = self._out()
            out.write(b"\n".join([*lines, b""]))
            out.flush()
