"""The errors of calls, under the names that the API's documentation uses; `OpenRouterError` is the base of all."""

from __future__ import annotations

from trunkline.errors.exchange import Headers, Request, Response
from trunkline.errors.tree import (
    BadRequestResponseError,
    ConnectionFailedError,
    ForbiddenResponseError,
    InternalServerResponseError,
    NoResponseError,
    NotFoundResponseError,
    OpenRouterDefaultError,
    OpenRouterError,
    ResponseValidationError,
    ServiceUnavailableResponseError,
    TimedOutError,
    UnauthorizedResponseError,
)

__all__ = [
    "BadRequestResponseError",
    "ConnectionFailedError",
    "ForbiddenResponseError",
    "Headers",
    "InternalServerResponseError",
    "NoResponseError",
    "NotFoundResponseError",
    "OpenRouterDefaultError",
    "OpenRouterError",
    "Request",
    "Response",
    "ResponseValidationError",
    "ServiceUnavailableResponseError",
    "TimedOutError",
    "UnauthorizedResponseError",
]
