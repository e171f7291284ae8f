"""Why a request cannot be served, in the API's words: codes, statuses and texts (spec gateway 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from trunkline.server.domain.generation.fault import FaultType

DOCUMENTATION: Final = "/docs"
"""Where the codes are documented: on the server itself, whose address is put before it."""
DEFAULT_RETRY_AFTER: Final = 5
"""Seconds to wait where a temporary fault came without a hint: clients repeat a 503 for up to an hour."""


class Code(StrEnum):
    """Availability codes (4.3)."""

    MODEL_NOT_FOUND = "model_not_found"
    WRONG_ENDPOINT = "wrong_endpoint"
    NO_ENDPOINTS = "no_endpoints"
    MODEL_DEPRECATED = "model_deprecated"
    MODEL_UNAVAILABLE_UPSTREAM = "model_unavailable_upstream"
    CAPACITY_EXHAUSTED = "capacity_exhausted"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    REGION_RESTRICTED = "region_restricted"
    PRIVACY_RESTRICTED = "privacy_restricted"
    CONSTRAINT_FILTERED = "constraint_filtered"
    FREE_VARIANT_ENDED = "free_variant_ended"


ANSWERS: Final[Mapping[Code, tuple[int, FaultType, bool]]] = {
    Code.MODEL_NOT_FOUND: (400, FaultType.INVALID_REQUEST, False),
    Code.WRONG_ENDPOINT: (400, FaultType.INVALID_REQUEST, False),
    Code.NO_ENDPOINTS: (404, FaultType.NOT_FOUND, False),
    Code.MODEL_DEPRECATED: (404, FaultType.NOT_FOUND, False),
    Code.MODEL_UNAVAILABLE_UPSTREAM: (404, FaultType.NOT_FOUND, False),
    Code.CAPACITY_EXHAUSTED: (429, FaultType.RATE_LIMIT_EXCEEDED, True),
    Code.TEMPORARILY_UNAVAILABLE: (503, FaultType.PROVIDER_OVERLOADED, True),
    Code.REGION_RESTRICTED: (403, FaultType.PERMISSION_DENIED, False),
    Code.PRIVACY_RESTRICTED: (404, FaultType.NOT_FOUND, False),
    Code.CONSTRAINT_FILTERED: (404, FaultType.NOT_FOUND, False),
    Code.FREE_VARIANT_ENDED: (404, FaultType.NOT_FOUND, False),
}
"""HTTP status, canonical type, and whether the same request may succeed later."""


class Constraint(Struct, frozen=True, omit_defaults=True):
    """The field of the request that left nothing over; `detail` says what would do."""

    field: str
    detail: str | None = None


class Availability(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`error.availability` as it goes over the wire: four members always, the others where there is something in them.

    `retry_after` in whole seconds; `requested_models` are the slugs as they were sent.
    """

    code: Code
    retryable: bool
    retry_after: int | None = None
    requested_models: tuple[str, ...]
    affected_providers: tuple[str, ...] = ()
    excluded_by: tuple[str, ...] = ()
    fallback_models: tuple[str, ...] = ()
    constraint: Constraint | None = None
    docs_url: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request fails as a whole: what the caller is answered where nothing has been written yet.

    `metadata` belongs into `error.metadata`; `retry_after` (seconds) into the header too.
    `provider_code` is the upstream's own word for it.
    """

    status: int
    type: FaultType
    message: str
    availability: Availability | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    retry_after: int | None = None
    provider_code: str | None = None


def unavailable(
    code: Code,
    message: str,
    requested: tuple[str, ...],
    *,
    retry_after: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    affected_providers: tuple[str, ...] = (),
    excluded_by: tuple[str, ...] = (),
    fallback_models: tuple[str, ...] = (),
    constraint: Constraint | None = None,
) -> Refusal:
    """Return the refusal of a code; `requested` are the slugs as they were sent, `retry_after` in seconds."""
    status, kind, retryable = ANSWERS[code]
    return Refusal(
        status,
        kind,
        message,
        Availability(
            code=code,
            retryable=retryable,
            retry_after=retry_after,
            requested_models=requested,
            affected_providers=affected_providers,
            excluded_by=excluded_by,
            fallback_models=fallback_models,
            constraint=constraint,
            docs_url=DOCUMENTATION,
        ),
        metadata or {},
        retry_after,
    )
