"""What can go wrong with a generation, in the API's canonical types (spec gateway 3.8, 4.2)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class FaultType(StrEnum):
    """Canonical error types; each has one HTTP status (`STATUS`)."""

    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded"
    MAX_TOKENS_EXCEEDED = "max_tokens_exceeded"
    INVALID_REQUEST = "invalid_request"
    INVALID_PROMPT = "invalid_prompt"
    CONTENT_POLICY_VIOLATION = "content_policy_violation"
    REFUSAL = "refusal"
    INVALID_IMAGE = "invalid_image"
    IMAGE_DOWNLOAD_FAILED = "image_download_failed"
    AUTHENTICATION = "authentication"
    PAYMENT_REQUIRED = "payment_required"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_OVERLOADED = "provider_overloaded"
    TIMEOUT = "timeout"
    SERVER = "server"


STATUS: dict[FaultType, int] = {
    FaultType.CONTEXT_LENGTH_EXCEEDED: 400,
    FaultType.MAX_TOKENS_EXCEEDED: 400,
    FaultType.INVALID_REQUEST: 400,
    FaultType.INVALID_PROMPT: 400,
    FaultType.CONTENT_POLICY_VIOLATION: 400,
    FaultType.REFUSAL: 400,
    FaultType.INVALID_IMAGE: 400,
    FaultType.IMAGE_DOWNLOAD_FAILED: 400,
    FaultType.AUTHENTICATION: 401,
    FaultType.PAYMENT_REQUIRED: 402,
    FaultType.PERMISSION_DENIED: 403,
    FaultType.NOT_FOUND: 404,
    FaultType.PAYLOAD_TOO_LARGE: 413,
    FaultType.UNPROCESSABLE: 422,
    FaultType.RATE_LIMIT_EXCEEDED: 429,
    FaultType.PROVIDER_UNAVAILABLE: 502,
    FaultType.PROVIDER_OVERLOADED: 503,
    FaultType.TIMEOUT: 504,
    FaultType.SERVER: 500,
}


class Fault(Struct, frozen=True, kw_only=True):
    """How one attempt at one endpoint failed.

    `status` is the upstream's HTTP status, None where there was none (no connection, cut stream).
    `retry_after` in whole seconds. `message` is ours or the upstream's, without secrets and bodies.
    `next_endpoint`, `next_model` and `counts` (against uptime) are the action of the table in 3.8;
    `larger_window_only` lets only endpoints with a larger context follow, `other_provider_only`
    only those of other providers.
    """

    type: FaultType
    message: str
    status: int | None = None
    provider_code: str | None = None
    retry_after: int | None = None
    next_endpoint: bool = True
    next_model: bool = True
    counts: bool = True
    larger_window_only: bool = False
    other_provider_only: bool = False
