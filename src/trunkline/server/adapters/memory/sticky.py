"""Which endpoint each conversation stays with, in this process: bounded, and forgotten after ten quiet minutes."""

from __future__ import annotations

from collections import OrderedDict

from trunkline.server.domain.routing.sticky import SECONDS

REMEMBERED = 100_000
"""Conversations kept, about 250 bytes each; the one that was quiet longest goes first."""


class LiveStickiness:
    """Implements the port `Stickiness`."""

    def __init__(self, bound: int = REMEMBERED, seconds: float = SECONDS) -> None:
        """`seconds` of silence make a conversation forgotten."""
        self._bound = bound
        self._seconds = seconds
        self._entries: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def endpoint(self, key: str, now: float) -> str | None:
        """Return the endpoint's key that a conversation was last served by, None when forgotten."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[1] <= now:
            del self._entries[key]
            return None
        return entry[0]

    def remember(self, key: str, endpoint: str, now: float) -> None:
        """Keep a conversation with an endpoint from now on."""
        self._entries[key] = (endpoint, now + self._seconds)
        self._entries.move_to_end(key)
        # Entries stand in the order in which they end, so what is over is at the front.
        while self._entries and (len(self._entries) > self._bound or next(iter(self._entries.values()))[1] <= now):
            self._entries.popitem(last=False)
