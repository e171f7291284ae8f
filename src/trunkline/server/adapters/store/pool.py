"""A bounded pool whose connections go out in the order in which they were asked for."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class FairPool(QueuePool):
    """A `QueuePool` that lets nobody jump the queue.

    Without it a thread that returns a connection and asks again gets the same one before those that wait, which then
    give up: eight busy readers kept a writer out for as long as it cared to wait.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._line: deque[threading.Event] = deque()
        self._door = threading.Lock()

    def _do_get(self) -> ConnectionPoolEntry:
        turn = threading.Event()
        with self._door:
            self._line.append(turn)
            self._line[0].set()
        try:
            if not turn.wait(self.timeout()):
                raise PoolTimeout(f"QueuePool limit of size {self.size()} reached")
            return super()._do_get()
        finally:
            with self._door:
                self._line.remove(turn)
                if self._line:
                    self._line[0].set()


# SQLAlchemy logs under the class's own name, at a level that is for its developers.
logging.getLogger(f"{FairPool.__module__}.{FairPool.__name__}").setLevel(logging.WARNING)
