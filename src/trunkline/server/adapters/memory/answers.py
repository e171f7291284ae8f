"""Answers that callers asked to be kept: in this process, bounded in bytes, the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

OVERHEAD: Final = 300
"""Bytes that an entry takes beside its answer."""


class _Entry(NamedTuple):
    expires: float
    value: bytes

    @property
    def size(self) -> int:
        return len(self.value) + OVERHEAD


class LiveAnswers:
    """Implements the port `AnswerStore`; nothing of it awaits anything. Used from the event loop only."""

    def __init__(self, bound: int, clock: Callable[[], float]) -> None:
        self._bound = bound
        self._clock = clock
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self.held = 0
        """Bytes that are held."""

    async def get(self, key: bytes) -> bytes | None:
        """Return what is kept under a key, None once its time is over."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            await self.drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def put(self, key: bytes, value: bytes, seconds: int) -> None:
        """Keep something for a time; what is larger than the bound is not kept."""
        await self.drop(key)
        entry = _Entry(self._clock() + seconds, value)
        if entry.size > self._bound:
            return
        self._entries[key] = entry
        self.held += entry.size
        while self.held > self._bound:
            _, oldest = self._entries.popitem(last=False)
            self.held -= oldest.size

    async def drop(self, key: bytes) -> None:
        """Forget what is kept under a key."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.held -= entry.size
