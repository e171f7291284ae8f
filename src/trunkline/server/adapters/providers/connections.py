"""One upstream's connections: made to a pinned address that was checked, kept and handed out again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from typing import Final

from trunkline.server.adapters.providers import egress
from trunkline.server.adapters.providers.connection import Connection
from trunkline.server.adapters.providers.watch import Watch

PIN_SECONDS: Final = 300
"""How long an address is called before the name is asked again: hosts move, and a pin must not outlive that."""
IDLE_SECONDS: Final = 60
"""How long an unused connection is kept."""


class Unreachable(Exception):
    """No connection could be made."""


class Connections:
    """Hands out connections to one base URL; call it from one event loop only."""

    def __init__(
        self,
        base: egress.Base,
        watch: Watch,
        *,
        configured: bool,
        connect_seconds: float,
        resolve: egress.Resolve | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Take who looks after the connections; `clock` is for pins, and the watch's where none is given."""
        self.base = base
        self._watch = watch
        self._configured = configured
        self._connect_seconds = connect_seconds
        self._resolve = resolve
        self._clock = clock
        self._free: dict[Connection, None] = {}
        self._address: str | None = None
        self._until = 0.0
        self._failed: str | None = None
        self._lock = asyncio.Lock()

    def kept(self) -> Connection | None:
        """Return a connection that waits for a request, None where there is none or the address is to be checked."""
        # The one that came back last: those that are not needed grow old.
        return self._free.popitem()[0] if self._free and self._watch.now < self._until else None

    async def fresh(self) -> Connection:
        """Return a new connection. Raises `Unreachable`, `EgressRefused`, and `OSError` for a name without address."""
        address = await self.pin()
        if self._watch.closed:
            raise Unreachable("the server stops")
        loop = asyncio.get_running_loop()
        context, name = (secured(), self.base.host) if self.base.secure else (None, None)
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, made = await loop.create_connection(
                    lambda: Connection(address, self._freed, self._gone, self._watch.departures),
                    address,
                    self.base.port,
                    ssl=context,
                    server_hostname=name,
                )
        except OSError as error:  # a `TimeoutError` is one
            self.failed(address)
            raise Unreachable(str(error)) from error
        self._watch.add(made)
        return made

    async def pin(self) -> str:
        """Return the address to call now. Raises `EgressRefused`, and `OSError` for a name without address."""
        if self._address is None or self._time() >= self._until:
            async with self._lock:
                if self._address is None or self._time() >= self._until:
                    self._address = await self._chosen()
        return self._address

    def failed(self, address: str) -> None:
        """Note that an address could not be connected to, so that the next request looks for another one."""
        if address == self._address:
            self._failed, self._until = address, 0.0

    async def _chosen(self) -> str:
        found = await egress.addresses(self.base, configured=self._configured, resolve=self._resolve)
        self._until = self._time() + PIN_SECONDS
        kept, failed, self._failed = self._address, self._failed, None
        if kept is not None and kept in found and (failed != kept or len(found) == 1):
            return kept
        chosen = next((address for address in found if address != failed), found[0])
        for connection in [one for one in self._free if one.address != chosen]:
            connection.abort()
        return chosen

    def _time(self) -> float:
        return asyncio.get_running_loop().time() if self._clock is None else self._clock()

    def _freed(self, connection: Connection) -> None:
        if connection.address != self._address:
            connection.abort()
            return
        connection.limit = self._watch.now + IDLE_SECONDS
        self._free[connection] = None

    def _gone(self, connection: Connection) -> None:
        self._watch.remove(connection)
        self._free.pop(connection, None)


@cache
def secured() -> ssl.SSLContext:
    """Return how providers prove who they are: by the system's authorities, or those that `SSL_CERT_FILE` names."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
