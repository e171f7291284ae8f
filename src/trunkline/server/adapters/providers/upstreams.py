"""Sends attempts to providers and reads what comes back, whatever it is; the port `Upstreams`.

Nothing that an upstream does raises here: it becomes a fault. Leaving early closes the connection.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from trunkline.server.adapters.providers import codings, egress
from trunkline.server.adapters.providers.connection import Connection
from trunkline.server.adapters.providers.connections import Connections
from trunkline.server.adapters.providers.dialects.dialect import Addressee, Encoded, NotExpressible
from trunkline.server.adapters.providers.exchange import Exchange, is_whole
from trunkline.server.adapters.providers.failures import Unconfigured, fault_of
from trunkline.server.adapters.providers.lines import Line, line
from trunkline.server.adapters.providers.outcome import Outcome, is_usual
from trunkline.server.adapters.providers.targets import Target, Targets, upstream_model
from trunkline.server.adapters.providers.vault import Vault
from trunkline.server.adapters.providers.watch import Watch
from trunkline.server.departures import Departures
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Event

_USERS: Final = 4096
"""Hashes that stand for callers that are kept."""
_LONGEST_USER: Final = 256


class Upstreams:
    """Implements the port. Owned by one event loop; `close` ends every connection."""

    def __init__(
        self,
        targets: Targets,
        secret: bytes,
        *,
        clock: Callable[[], float] = time.time,
        resolve: egress.Resolve | None = None,
        vault: Vault | None = None,
        departures: Departures | None = None,
    ) -> None:
        """Take who can be called, and what requests leave by.

        `secret` keys the hashes that stand for users, `vault` opens accounts' own keys.
        """
        self._targets = targets
        self._secret = secret
        self._clock = clock
        self._resolve = resolve
        self._vault = vault
        self._watch = Watch(departures)
        self._connections: dict[str, Connections] = {}
        self._lines: dict[str, Line] = {}
        self._users: dict[tuple[str, str | None], str] = {}

    def body(self, attempt: Attempt) -> bytes:
        """Return the exact body that `send` would send; empty where there is nothing to send."""
        target = self._targets.any_of(attempt.endpoint)
        try:
            return b"" if target is None else self._encode(attempt, target, upstream_model(attempt.endpoint), {}).body
        except NotExpressible:
            return b""

    def cancels(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint's upstream stops, and stops billing, when its connection is closed."""
        target = self._targets.any_of(endpoint)
        return target is None or target.quirk.cancels

    async def close(self) -> None:
        """Close every connection, those in use included."""
        await self._watch.close()
        self._connections.clear()
        self._lines.clear()

    def send(self, attempt: Attempt) -> AsyncGenerator[Event, None]:
        """Send an attempt and yield its events."""
        return self._streamed(attempt) if attempt.request.stream else self._one_by_one(attempt)

    async def whole(self, attempt: Attempt) -> Sequence[Event]:
        """Send an attempt whose answer is not streamed and return its events."""
        on = connection = None
        try:
            on = self._line(attempt)
            target, connections = on.target, on.connections
            request = on.writer.written(self._encode(attempt, target, on.model, on.names), streams=False)
            now = self._watch.time()
            by_token = now + attempt.seconds
            by_byte = min(now + target.limits.first_byte_slow, by_token)
            connection = connections.kept() or await _fresh(connections, by_byte)
            await connection.ask(request, by_byte, target.limits.idle, by_token)
            if connection.died_unheard:
                connection = await _fresh(connections, by_byte)
                await connection.ask(request, by_byte, target.limits.idle, by_token)
            headers = connection.headers()
            if not is_whole(connection, headers):
                begun = Exchange(attempt, on, connection, self._watch, (by_byte, by_token), self._clock)
                connection = None  # it is the exchange's now
                return [event async for event in self._streamed(attempt, begun)]
            body = connection.take()
            connection.release()
            connection = None
            if b"content-encoding" in headers:
                body = codings.decoded(body, headers[b"content-encoding"])
            events = target.dialect.whole(body, attempt.request.surface)
            return events if is_usual(events) else Outcome(attempt, on.secrets).all(events)
        except Exception as error:  # noqa: BLE001 - whatever an upstream brings about is its fault, and recorded as such
            return Outcome(attempt, () if on is None else on.secrets).fail(fault_of(error, attempt))
        finally:
            if connection is not None:
                connection.abort()

    async def _one_by_one(self, attempt: Attempt) -> AsyncGenerator[Event, None]:
        for event in await self.whole(attempt):
            yield event

    async def _streamed(self, attempt: Attempt, begun: Exchange | None = None) -> AsyncGenerator[Event, None]:
        exchange, outcome = begun, Outcome(attempt, ())
        try:
            on = self._line(attempt) if exchange is None else exchange.line
            outcome = Outcome(attempt, on.secrets)
            if exchange is None:
                exchange = await self._opened(attempt, on)
            while not outcome.failed and (events := await exchange.read(outcome)) is not None:
                for event in outcome.take(events):
                    yield event
            for event in outcome.end(said=exchange.said):
                yield event
            exchange.leave()
        except Exception as error:  # noqa: BLE001 - as in `whole`
            for event in outcome.fail(fault_of(error, attempt)):
                yield event
            for event in outcome.end(said=False):
                yield event
        finally:
            if exchange is not None:
                exchange.close()

    async def _opened(self, attempt: Attempt, on: Line) -> Exchange:
        """Send a request whose answer is to be streamed, and return it once anything has come.

        A connection that has served before may have died unnoticed: then the request goes out once more.
        """
        request = on.writer.written(self._encode(attempt, on.target, on.model, on.names), streams=True)
        limits = on.target.limits
        now = self._watch.time()
        by_token, by_byte = now + attempt.seconds, now + (limits.first_byte_slow if on.slow else limits.first_byte)
        first = min(by_byte, by_token)
        connection = on.connections.kept() or await _fresh(on.connections, first)
        try:
            await connection.stream(request, first)
            if connection.died_unheard:
                connection = await _fresh(on.connections, first)
                await connection.stream(request, first)
        except BaseException:
            connection.abort()
            raise
        return Exchange(attempt, on, connection, self._watch, (by_byte, by_token), self._clock)

    def _line(self, attempt: Attempt) -> Line:
        """Return how an attempt's endpoint is called. Raises `Unconfigured` and `Unreadable`."""
        endpoint, own = attempt.endpoint, attempt.own
        if own is None:
            kept = self._lines.get(endpoint.key)
            if kept is not None and kept.endpoint is endpoint:
                return kept
            target = self._targets.of(endpoint)
        else:
            key = None if self._vault is None else self._vault.open(own.sealed, own.about)
            target = None if key is None else self._targets.with_own(endpoint, key)
        if target is None:
            raise Unconfigured
        made = line(endpoint, target, self._connected(target))
        if own is None:  # keys of accounts are not kept open
            self._lines[endpoint.key] = made
        return made

    def _encode(self, attempt: Attempt, target: Target, model: str, names: dict[str, str | None]) -> Encoded:
        user = self._user(attempt.account, attempt.request.user)
        return target.dialect.encode(attempt, Addressee(model, user, target.quirk, target.completions, names))

    def _user(self, account: str, user: str | None) -> str:
        """Return the hash that stands for a user of an account."""
        found = self._users.get((account, user))
        if found is None:
            found = hashlib.sha256(b"\0".join((self._secret, account.encode(), (user or "").encode()))).hexdigest()
            if len(self._users) >= _USERS:
                self._users.clear()
            if len(user or "") <= _LONGEST_USER:
                self._users[account, user] = found
        return found

    def _connected(self, target: Target) -> Connections:
        connections = self._connections.get(target.slug)
        if connections is None:
            connections = self._connections[target.slug] = Connections(
                egress.base(target.base_url),
                self._watch,
                configured=target.configured,
                connect_seconds=target.limits.connect,
                resolve=self._resolve,
            )
        return connections


async def _fresh(connections: Connections, limit: float) -> Connection:
    """Return a new connection. Raises `TimeoutError` where there is none by the limit (the loop's time)."""
    async with asyncio.timeout_at(limit):
        return await connections.fresh()
