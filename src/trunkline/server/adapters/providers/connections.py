"""One upstream's connections: a pooled client that is pinned to a checked address, and what is known of its sockets."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from pyreqwest.client import Client, ClientBuilder

from trunkline import __version__
from trunkline.server.adapters.providers import egress

PIN_SECONDS: Final = 300
"""How long an address is called before the name is asked again: hosts move, and a pin must not outlive that."""
IDLE_SECONDS: Final = 60
"""How long an unused connection is kept."""


class Pinned:
    """A client and the address that it is pinned to; counts the connections that wait unused."""

    def __init__(self, client: Client, address: str, clock: Callable[[], float]) -> None:
        self.client = client
        self.address = address
        self.users = 0
        self._clock = clock
        self._idle: deque[float] = deque(maxlen=1024)

    def take(self) -> bool:
        """Tell whether a request that goes out now finds a connection that has served before."""
        # The pool hands out the connection that came back last.
        return bool(self._idle) and self._clock() - self._idle.pop() < IDLE_SECONDS

    def served(self) -> None:
        """Note that an answer was read to its end, so that its connection waits for the next request."""
        self._idle.append(self._clock())


class Connections:
    """Hands out the client of one base URL; call it from one event loop only."""

    def __init__(
        self,
        base: egress.Base,
        *,
        configured: bool,
        connect_seconds: float,
        silent_seconds: float,
        resolve: egress.Resolve | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base = base
        self._configured = configured
        self._connect_seconds = connect_seconds
        self._silent_seconds = silent_seconds
        self._resolve = resolve
        self._clock = clock
        self._pinned: Pinned | None = None
        self._until = 0.0
        self._failed: str | None = None
        self._lock = asyncio.Lock()

    async def lease(self) -> Pinned:
        """Return the client to use now; give it back with `release`.

        Raises `EgressRefused`, and `OSError` where the host's name cannot be resolved.
        """
        pinned = self._pinned
        if pinned is None or self._clock() >= self._until:
            async with self._lock:
                if self._pinned is None or self._clock() >= self._until:
                    await self._pin()
            pinned = self._pinned
            assert pinned is not None
        pinned.users += 1
        return pinned

    async def release(self, pinned: Pinned) -> None:
        """Give a client back; one that is no longer in use by anybody and was replaced is closed."""
        pinned.users -= 1
        if pinned is not self._pinned and pinned.users == 0:
            await pinned.client.close()

    def failed(self, pinned: Pinned) -> None:
        """Note that an address could not be connected to, so that the next request looks for another one."""
        if pinned is self._pinned:
            self._failed, self._until = pinned.address, 0.0

    async def close(self) -> None:
        """Close everything, requests under way included."""
        if self._pinned is not None:
            await self._pinned.client.close()
            self._pinned = None

    async def _pin(self) -> None:
        found = await egress.addresses(self.base, configured=self._configured, resolve=self._resolve)
        self._until = self._clock() + PIN_SECONDS
        kept = self._pinned
        if kept is not None and kept.address in found and (self._failed != kept.address or len(found) == 1):
            return
        chosen = next((address for address in found if address != self._failed), found[0])
        self._failed = None
        self._pinned = Pinned(self._build(chosen), chosen, self._clock)
        if kept is not None and kept.users == 0:
            await kept.client.close()

    def _build(self, address: str) -> Client:
        builder = (
            ClientBuilder()
            .no_proxy()  # a proxy would resolve the name again, and go where it likes
            .follow_redirects(False)
            .referer(False)
            .user_agent(f"trunkline/{__version__}")
            .connect_timeout(timedelta(seconds=self._connect_seconds))
            # Ours are the limits that count. This one ends what pyreqwest 0.15 does not: a request that is
            # cancelled before the head of its answer has come keeps its connection until something comes.
            .read_timeout(timedelta(seconds=self._silent_seconds + 1))
            .pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
        )
        if self.base.literal is None:
            builder = builder.resolve(self.base.host, address, self.base.port)
        return builder.build()
