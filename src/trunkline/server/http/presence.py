"""Whether a caller is still there, while its answer is being made."""

from __future__ import annotations

import asyncio

from trunkline.server.http.body import Receive


class Presence:
    """Listens for the end of one connection; the only reader of `receive` once the body has been read."""

    def __init__(self, receive: Receive) -> None:
        self.left: asyncio.Future[None] = asyncio.ensure_future(_disconnected(receive))
        """Done as soon as the caller has left."""

    def gone(self) -> bool:
        """Tell whether the caller has left."""
        return self.left.done()

    def close(self) -> None:
        """Stop listening."""
        self.left.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
