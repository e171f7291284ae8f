"""Whether a caller is still there, while its answer is being made."""

from __future__ import annotations

import asyncio
from typing import Final

from trunkline.server.http.body import Receive

UNHEARD_SECONDS: Final = 0.005
"""An answer that is there sooner is sent whether anybody listens or not: listening costs a task."""


class Presence:
    """Listens for the end of one connection; the only reader of `receive` once the body has been read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left: asyncio.Future[None] | None = None
        self._later = asyncio.get_running_loop().call_later(UNHEARD_SECONDS, self._listen)

    @property
    def left(self) -> asyncio.Future[None]:
        """Done as soon as the caller has left."""
        return self._left or self._listen()

    def gone(self) -> bool:
        """Tell whether the caller has left."""
        return self._left is not None and self._left.done()

    def close(self) -> None:
        """Stop listening."""
        self._later.cancel()
        if self._left is not None:
            self._left.cancel()

    def _listen(self) -> asyncio.Future[None]:
        self._later.cancel()
        if self._left is None:
            self._left = asyncio.ensure_future(_disconnected(self._receive))
        return self._left


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
