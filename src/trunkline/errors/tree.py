"""What can go wrong with a call.

OpenRouterError
├── NoResponseError                   nothing came back
│   ├── ConnectionFailedError         refused, lost, or no such host (also a ConnectionError)
│   └── TimedOutError                 took longer than timeout_ms (also a TimeoutError)
├── ResponseValidationError           the body is not JSON, or not what the operation answers
├── OpenRouterDefaultError            any status that the operation does not name
│   ├── ForbiddenResponseError        403
│   └── ServiceUnavailableResponseError  503
├── BadRequestResponseError           400
├── UnauthorizedResponseError         401
├── NotFoundResponseError             404
└── InternalServerResponseError       500

403 and 503 were named later than the rest, so code that catches OpenRouterDefaultError still sees them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trunkline.errors.exchange import Headers, Request, Response

if TYPE_CHECKING:
    from trunkline.components.failures import ErrorResponse

LONGEST_BODY = 10_000
"""Characters of a body that a message repeats."""


class OpenRouterError(Exception):
    """The base of all errors of a call.

    `message` is the server's own where it sent one; `status_code` is 0, `headers` and `body` are
    empty where nothing came back. `request` and `raw_response` are what was sent and what came.
    """

    message: str
    status_code: int
    headers: Headers
    body: str
    raw_response: Response | None
    request: Request

    def __init__(self, message: str, raw_response: Response, body: str | None = None) -> None:
        super().__init__(message, raw_response, body)
        self.message = message
        self.status_code = raw_response.status_code
        self.headers = raw_response.headers
        self.body = raw_response.text if body is None else body
        self.raw_response = raw_response
        self.request = raw_response.request

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, status_code={self.status_code}, request='{self.request}')"


class NoResponseError(OpenRouterError):
    """Nothing came back that could be read; `reason` says why."""

    def __init__(self, reason: str, request: Request) -> None:
        Exception.__init__(self, reason, request)
        self.message = f"{request}: {reason}"
        self.reason = reason
        self.status_code = 0
        self.headers = Headers()
        self.body = ""
        self.raw_response = None
        self.request = request


class ConnectionFailedError(NoResponseError, ConnectionError):
    """The server could not be reached, or the connection broke before the answer was complete."""


class TimedOutError(NoResponseError, TimeoutError):
    """The answer was not complete within `timeout_ms`."""


class ResponseValidationError(OpenRouterError):
    """The body is not JSON, or not the object that the operation answers; `cause` is the finding."""

    def __init__(self, message: str, raw_response: Response, cause: Exception, body: str | None = None) -> None:
        super().__init__(f"{raw_response.request}: {message}: {cause}", raw_response, body)
        self.args = (message, raw_response, cause, body)
        self.cause = cause


class OpenRouterDefaultError(OpenRouterError):
    """An answer with a status that the operation does not name, or whose body is not an error of the API."""

    def __init__(self, message: str, raw_response: Response, body: str | None = None) -> None:
        shown = (raw_response.text if body is None else body) or '""'
        if len(shown) > LONGEST_BODY:
            shown = f"{shown[:LONGEST_BODY]}...and {len(shown) - LONGEST_BODY} more chars"
        kind = raw_response.headers.get("content-type", '""')
        said = "" if kind == "application/json" else f" Content-Type {kind}"
        full = f"{message}: Status {raw_response.status_code}{said}. Body: {shown}"
        super().__init__(full, raw_response, body)
        self.args = (message, raw_response, body)


class _Reported(OpenRouterError):
    """The server reported an error in the API's own shape; `data.error` has its code, message and metadata."""

    data: ErrorResponse

    def __init__(self, data: ErrorResponse, raw_response: Response, body: str | None = None) -> None:
        OpenRouterError.__init__(self, data.error.message or raw_response.text, raw_response, body)
        self.args = (data, raw_response, body)
        self.data = data
        for line in _issues(data):
            self.add_note(line)  # shown below the message in a traceback


def _issues(data: ErrorResponse) -> list[str]:
    """Return a line for each wrong parameter that Trunkline's server names."""
    issues = (data.error.metadata or {}).get("issues")
    if not isinstance(issues, list):
        return []
    return [f"{issue.get('path')}: {issue.get('message')}" for issue in issues if isinstance(issue, dict)]


class BadRequestResponseError(_Reported):
    """400: a parameter is not what the operation accepts."""


class UnauthorizedResponseError(_Reported):
    """401: no key, or one that is not valid."""


class ForbiddenResponseError(_Reported, OpenRouterDefaultError):
    """403: the key may not do this."""


class NotFoundResponseError(_Reported):
    """404: no such model."""


class InternalServerResponseError(_Reported):
    """500: the server failed."""


class ServiceUnavailableResponseError(_Reported, OpenRouterDefaultError):
    """503: the server cannot answer at present."""


BY_STATUS: dict[int, Any] = {
    400: BadRequestResponseError,
    401: UnauthorizedResponseError,
    403: ForbiddenResponseError,
    404: NotFoundResponseError,
    500: InternalServerResponseError,
    503: ServiceUnavailableResponseError,
}
"""The class of each status that an operation may name."""
