"""Whether a caller is still there, while its answer is being made."""

from __future__ import annotations

import asyncio
from typing import Final

from trunkline.server.http.body import Receive

UNHEARD_SECONDS: Final = 0.1
"""An answer that is there sooner is sent whether anybody listens or not: listening costs a task."""


class Unheard:
    """The callers whom nobody listens for yet, of one event loop; one timer for them all.

    After one to two ticks of it whoever still waits is listened for.
    """

    def __init__(self, seconds: float = UNHEARD_SECONDS) -> None:
        """`seconds` is the length of a tick."""
        self._seconds = seconds
        self._new: list[Presence] = []
        self._older: list[Presence] = []
        self._ticks = False

    def add(self, presence: Presence) -> None:
        """Listen for a caller if it is still there after a while."""
        self._new.append(presence)
        if not self._ticks:
            self._ticks = True
            asyncio.get_running_loop().call_later(self._seconds, self._tick)

    def _tick(self) -> None:
        for presence in self._older:
            presence.listen()
        self._older, self._new = self._new, []
        self._ticks = bool(self._older)
        if self._ticks:
            asyncio.get_running_loop().call_later(self._seconds, self._tick)


class Presence:
    """Listens for the end of one connection; the only reader of `receive` once the body has been read."""

    __slots__ = ("_left", "_receive")

    def __init__(self, receive: Receive, unheard: Unheard) -> None:
        self._receive: Receive | None = receive
        self._left: asyncio.Future[None] | None = None
        unheard.add(self)

    @property
    def left(self) -> asyncio.Future[None]:
        """Done as soon as the caller has left. Not to be asked for after `close`."""
        self.listen()
        assert self._left is not None, "whoever has closed it does not ask"
        return self._left

    def gone(self) -> bool:
        """Tell whether the caller is known to have left."""
        return self._left is not None and self._left.done()

    def listen(self) -> None:
        """Begin to listen, unless it is closed."""
        if self._left is None and self._receive is not None:
            self._left = asyncio.ensure_future(_disconnected(self._receive))

    def close(self) -> None:
        """Stop listening."""
        self._receive = None
        if self._left is not None:
            self._left.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
