"""The one shape of every error that the API answers with."""

from __future__ import annotations

from typing import Any, TypeAlias

from trunkline.components.view import View
from trunkline.types.unset import UNSET, OptionalNullable


class ErrorData(View):
    """`code` is the HTTP status, `metadata` what more there is to say."""

    __slots__ = ()

    code: int
    message: str
    metadata: OptionalNullable[dict[str, Any]] = UNSET


class ErrorResponse(View):
    """The body of an answer that reports an error."""

    __slots__ = ()

    error: ErrorData
    user_id: OptionalNullable[str] = UNSET
    openrouter_metadata: OptionalNullable[dict[str, Any]] = UNSET


BadRequestResponseErrorData: TypeAlias = ErrorData
ForbiddenResponseErrorData: TypeAlias = ErrorData
InternalServerResponseErrorData: TypeAlias = ErrorData
NotFoundResponseErrorData: TypeAlias = ErrorData
ServiceUnavailableResponseErrorData: TypeAlias = ErrorData
UnauthorizedResponseErrorData: TypeAlias = ErrorData
