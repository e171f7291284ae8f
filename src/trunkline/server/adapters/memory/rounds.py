"""Blocking work that many wait for at once: who asks waits for a round that began after, and rounds do not overlap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Rounds:
    """Runs a blocking function in a thread for everybody who waits for it. For one event loop."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self._running: asyncio.Future[None] | None = None
        self._coming: asyncio.Future[None] | None = None

    async def next(self) -> None:
        """Return when a run that began after this call has ended, or raise what it raised."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._after(self._running))
            # Everybody who waited may have given up; then nobody asks how it went.
            self._coming.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(self._coming)

    async def _after(self, running: asyncio.Future[None] | None) -> None:
        if running is not None:
            await asyncio.wait({running})
        self._running, self._coming = self._coming, None
        await asyncio.to_thread(self._run)
