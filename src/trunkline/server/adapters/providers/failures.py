"""Which fault an exception stands for that stopped an attempt."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from trunkline.server.adapters.providers import codings, egress, faults
from trunkline.server.adapters.providers.connection import Broken, TooLong
from trunkline.server.adapters.providers.connections import Unreachable
from trunkline.server.adapters.providers.dialects.dialect import Garbage, NotExpressible
from trunkline.server.adapters.providers.request import Unsendable
from trunkline.server.adapters.providers.sse import EventTooLong
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.errors import Unreadable

_log = logging.getLogger(__name__)


class Unconfigured(Exception):
    """A provider that is not called from here."""


def fault_of(error: Exception, attempt: Attempt) -> Fault:
    """Return the fault that an exception stands for; what callers need not know is logged."""
    provider = attempt.endpoint.provider
    if isinstance(error, NotExpressible):
        return faults.fault(FaultType.INVALID_REQUEST, _sentence(error), next_endpoint=True)
    if isinstance(error, Garbage):
        return faults.unavailable(_sentence(error))
    if isinstance(error, Unreadable):
        _log.error("own key cannot be opened", extra={"reason": error.message, "own": attempt.own and attempt.own.id})
        return faults.unavailable("The account's own key cannot be read; please enter it again")
    if isinstance(error, Unconfigured):
        return faults.unavailable("The provider is not configured on this server")
    for kinds, make, message in _FAULTS:
        if isinstance(error, kinds):
            extra = {"provider": provider, "error": type(error).__name__, "reason": str(error)}
            _log.info("attempt failed", extra=extra)
            return make(message)
    _log.error("answer could not be read", extra={"provider": provider}, exc_info=error)
    return faults.unavailable("The provider sent something that cannot be read")


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


_FAULTS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[str], Fault], str], ...]] = (
    ((EventTooLong, TooLong, codings.TooLarge), faults.unavailable, "The provider sent more than is read"),
    (egress.EgressRefused, faults.unavailable, "The provider's address is not allowed"),
    (Unreachable, faults.unavailable, "The provider could not be reached"),
    (Unsendable, faults.unavailable, "The provider's headers cannot be sent"),
    (Broken, faults.unavailable, "The connection to the provider broke"),
    (codings.Undecodable, faults.unavailable, "The connection to the provider broke"),
    # A TimeoutError is an OSError too: the order counts.
    (TimeoutError, faults.timeout, "The provider did not answer in time"),
    (OSError, faults.unavailable, "The provider could not be reached"),
)
"""What each exception means, the first row that fits."""
