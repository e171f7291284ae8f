"""How long one exchange waits: many limits, one after the other, and one timer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """Ends a wait that lasts too long, as `asyncio.timeout_at` does.

    Its timer is set once and looks, when it is due, for how long one waits by then: a stream moves its limit with every
    token, and a timer for each of them costs more than reading it. For one task at a time; `end` forgets the timer.
    """

    __slots__ = ("_at", "_limit", "_loop", "_over", "_task", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._limit = self._at = 0.0
        self._over = False

    def time(self) -> float:
        """Return the time that limits are told in."""
        return self._loop.time()

    async def until(self, limit: float, awaited: Awaitable[T]) -> T:
        """Return what is awaited. Raises `TimeoutError` where it has not come by the limit (`time`)."""
        task = asyncio.current_task()
        assert task is not None, "somebody waits"
        cancelling = task.cancelling()
        self._task, self._limit, self._over = task, limit, False
        if self._timer is None or limit < self._at:
            self._set(limit)
        try:
            return await awaited
        except asyncio.CancelledError:
            if self._over and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._task = None

    def end(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._at = when
        self._timer = self._loop.call_at(when, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._limit:
            self._set(self._limit)
            return
        self._over = True
        self._task.cancel()
