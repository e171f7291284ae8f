"""The end of a server while calls are under way: some seconds of grace, then each ends as if its provider had failed.

So every call has its record, and callers of streams are told.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final
from weakref import WeakSet

from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.usecases.flow import Flow

FAULT: Final = Fault(
    type=FaultType.PROVIDER_OVERLOADED,
    message="The server is stopping",
    next_endpoint=False,
    next_model=False,
    counts=False,
)
_LAST_SECONDS: Final = 2.0
"""For records of what was given up: nothing of it waits for anybody."""


class Ending:
    """Knows what is under way, and ends it. Owned by one event loop."""

    def __init__(self) -> None:
        self._flows: WeakSet[Flow] = WeakSet()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._given_up: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._by: float | None = None
        self._is_over = False

    def add(self, flow: Flow) -> None:
        """Note what is being read from a provider."""
        self._flows.add(flow)
        if self._is_over:
            flow.give_up(FAULT)

    def enter(self) -> asyncio.Task[Any] | None:
        """Note that this task waits for an answer in one piece, and return it for `leave`; None when all is over."""
        if self._is_over:
            return None
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(self._loop)  # without being told it asks the system for the process's number
        assert task is not None, "somebody waits"
        self._tasks.add(task)
        return task

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Note that a task waits no more."""
        self._tasks.discard(task)

    def has_ended(self, task: asyncio.Task[Any]) -> bool:
        """Tell whether a task that was cancelled was so because all is over, and by nobody else; it goes on then."""
        if task not in self._given_up:
            return False
        self._given_up.discard(task)
        return not task.uncancel()

    def begin(self, seconds: float) -> None:
        """Give what is under way so many seconds from now; called again, it changes nothing."""
        if self._by is None:
            loop = asyncio.get_running_loop()
            self._by = loop.time() + seconds
            loop.call_at(self._by, self._give_up)

    async def wait(self, tasks: set[asyncio.Task[Any]]) -> None:
        """Wait until nothing of some tasks is under way: as long as grace was given, and then for their records."""
        left = 0.0 if self._by is None else self._by - asyncio.get_running_loop().time()
        if tasks:
            await asyncio.wait(tasks, timeout=max(left, 0.0))
        self._give_up()
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_SECONDS)

    def _give_up(self) -> None:
        self._is_over = True
        for flow in list(self._flows):
            flow.give_up(FAULT)
        for task in self._tasks:
            self._given_up.add(task)
            task.cancel()
        self._tasks.clear()
