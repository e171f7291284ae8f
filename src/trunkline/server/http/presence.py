"""Whether a caller is still there, while its answer is being made."""

from __future__ import annotations

import asyncio


class Presence:
    """Whoever is at the other end of one connection, which tells of its end."""

    __slots__ = ("_gone", "_left")

    def __init__(self) -> None:
        self._gone = False
        self._left: asyncio.Future[None] | None = None

    @property
    def left(self) -> asyncio.Future[None]:
        """Done as soon as the caller has left."""
        if self._left is None:
            self._left = asyncio.get_running_loop().create_future()
            if self._gone:
                self._left.set_result(None)
        return self._left

    def gone(self) -> bool:
        """Tell whether the caller has left."""
        return self._gone

    def leave(self) -> None:
        """Note that the caller has left."""
        self._gone = True
        if self._left is not None and not self._left.done():
            self._left.set_result(None)
