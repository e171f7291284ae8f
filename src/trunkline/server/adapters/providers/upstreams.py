"""Sends attempts to providers and reads what comes back, whatever it is; the port `Upstreams`.

Nothing that an upstream does raises here: it becomes a fault. Closing the iterator closes the connection.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, DetailedPyreqwestError

from trunkline.server.adapters.providers import egress, faults
from trunkline.server.adapters.providers.connections import Connections
from trunkline.server.adapters.providers.dialects.dialect import Addressee, Encoded, Garbage, NotExpressible
from trunkline.server.adapters.providers.exchange import Exchange, causes
from trunkline.server.adapters.providers.outcome import Outcome
from trunkline.server.adapters.providers.sse import EventTooLong
from trunkline.server.adapters.providers.targets import Target, Targets, upstream_model
from trunkline.server.adapters.providers.vault import Vault
from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Event, Failed
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.errors import Unreadable

_log = logging.getLogger(__name__)


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
    ) -> None:
        """Take who can be called; `secret` keys the hashes that stand for users, `vault` opens accounts' own keys."""
        self._targets = targets
        self._secret = secret
        self._clock = clock
        self._resolve = resolve
        self._vault = vault
        self._connections: dict[str, Connections] = {}

    def body(self, attempt: Attempt) -> bytes:
        """Return the exact body that `send` would send; empty where there is nothing to send."""
        target = self._targets.any_of(attempt.endpoint)
        try:
            return b"" if target is None else self._encode(attempt, target).body
        except NotExpressible:
            return b""

    def cancels(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint's upstream stops, and stops billing, when its connection is closed."""
        target = self._targets.any_of(endpoint)
        return target is None or target.quirk.cancels

    async def close(self) -> None:
        """Close every connection, those in use included."""
        for connections in self._connections.values():
            await connections.close()
        self._connections.clear()

    async def send(self, attempt: Attempt) -> AsyncGenerator[Event, None]:
        """Send an attempt and yield its events."""
        try:
            target = self._target(attempt)
        except Unreadable as error:
            told = {"reason": error.message, "own": attempt.own and attempt.own.id}
            _log.error("own key cannot be opened", extra=told)
            yield Failed(fault=faults.unavailable("The account's own key cannot be read; please enter it again"))
            return
        if target is None:
            yield Failed(fault=faults.unavailable("The provider is not configured on this server"))
            return
        outcome = Outcome(attempt)
        exchange = Exchange(attempt, target, outcome, self._clock)
        try:
            await exchange.open(self._connected(target), self._encode(attempt, target))
            while not outcome.failed and (events := await exchange.read()) is not None:
                for event in outcome.take(events):
                    yield _presentable(event, target)
            for event in outcome.end(said=exchange.said):
                yield event
            if not outcome.failed:
                await exchange.linger()
        except Exception as error:  # noqa: BLE001 - whatever an upstream brings about is its fault, and recorded as such
            for event in outcome.fail(_fault_of(error, target)):
                yield event
            for event in outcome.end(said=False):
                yield event
        finally:
            await exchange.close()

    async def whole(self, attempt: Attempt) -> Sequence[Event]:
        """Send an attempt and return its events."""
        return [event async for event in self.send(attempt)]

    def _target(self, attempt: Attempt) -> Target | None:
        if attempt.own is None:
            return self._targets.of(attempt.endpoint)
        if self._vault is None:
            return None
        return self._targets.with_own(attempt.endpoint, self._vault.open(attempt.own.sealed, attempt.own.about))

    def _encode(self, attempt: Attempt, target: Target) -> Encoded:
        user = hashlib.sha256(
            b"\0".join((self._secret, attempt.account.encode(), (attempt.request.user or "").encode()))
        )
        to = Addressee(upstream_model(attempt.endpoint), user.hexdigest(), target.quirk, target.completions)
        return target.dialect.encode(attempt, to)

    def _connected(self, target: Target) -> Connections:
        connections = self._connections.get(target.slug)
        if connections is None:
            connections = self._connections[target.slug] = Connections(
                egress.base(target.base_url),
                configured=target.configured,
                connect_seconds=target.limits.connect,
                silent_seconds=target.limits.longest,
                resolve=self._resolve,
            )
        return connections


def _presentable(event: Event, target: Target) -> Event:
    if isinstance(event, Failed):
        return Failed(fault=faults.presentable(event.fault, target.secrets))
    return event


def _fault_of(error: Exception, target: Target) -> Fault:
    """Return the fault that an exception stands for; what callers need not know is logged."""
    if isinstance(error, NotExpressible):
        return faults.fault(FaultType.INVALID_REQUEST, _sentence(error), next_endpoint=True)
    if isinstance(error, Garbage):
        return faults.unavailable(_sentence(error))
    for kinds, make, message in _FAULTS:
        if isinstance(error, kinds):
            reason = causes(error)[-1:] if isinstance(error, DetailedPyreqwestError) else str(error)
            extra = {"provider": target.slug, "error": type(error).__name__, "reason": reason}
            _log.info("attempt failed", extra=extra)
            return make(message)
    _log.error("answer could not be read", extra={"provider": target.slug}, exc_info=error)
    return faults.unavailable("The provider sent something that cannot be read")


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


_FAULTS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[str], Fault], str], ...]] = (
    (EventTooLong, faults.unavailable, "The provider sent more than is read"),
    (egress.EgressRefused, faults.unavailable, "The provider's address is not allowed"),
    ((ConnectTimeoutError, ConnectError), faults.unavailable, "The provider could not be reached"),
    (DetailedPyreqwestError, faults.unavailable, "The connection to the provider broke"),
    # A TimeoutError is an OSError too: the order counts.
    (TimeoutError, faults.timeout, "The provider did not answer in time"),
    (OSError, faults.unavailable, "The provider could not be reached"),
)
"""What each exception means, the first row that fits."""
