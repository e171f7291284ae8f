"""Tells what went wrong from what an upstream answered: ordered tables, status before message.

The status is a fact and the message a guess, so a message is only asked where one status means many things.
Source: the table of spec gateway 3.8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers import hints
from trunkline.server.domain.generation.fault import Fault, FaultType

T = FaultType
LONGEST_MESSAGE: Final = 500
LONGEST_CODE: Final = 100

ACTIONS: Final[Mapping[FaultType, Mapping[str, bool]]] = {
    T.RATE_LIMIT_EXCEEDED: {"counts": False},
    T.PERMISSION_DENIED: {"counts": False},
    T.CONTEXT_LENGTH_EXCEEDED: {"counts": False, "larger_window_only": True},
    T.INVALID_IMAGE: {"counts": False},
    T.INVALID_REQUEST: {"counts": False, "next_endpoint": False},
    T.UNPROCESSABLE: {"counts": False, "next_endpoint": False},
    T.PAYLOAD_TOO_LARGE: {"counts": False, "next_endpoint": False},
    T.CONTENT_POLICY_VIOLATION: {"counts": False, "other_provider_only": True},
    T.REFUSAL: {"counts": False, "other_provider_only": True},
}
"""What may follow a fault, where it is not: the next endpoint and model, counted against uptime."""

_STATUSES: Final[Mapping[int, FaultType]] = {
    401: T.PROVIDER_UNAVAILABLE,
    402: T.PROVIDER_UNAVAILABLE,
    403: T.PERMISSION_DENIED,
    404: T.NOT_FOUND,
    405: T.PROVIDER_UNAVAILABLE,
    407: T.PROVIDER_UNAVAILABLE,
    408: T.TIMEOUT,
    409: T.PROVIDER_UNAVAILABLE,
    410: T.NOT_FOUND,
    413: T.PAYLOAD_TOO_LARGE,
    422: T.UNPROCESSABLE,
    429: T.RATE_LIMIT_EXCEEDED,
    451: T.PERMISSION_DENIED,
    503: T.PROVIDER_OVERLOADED,
    529: T.PROVIDER_OVERLOADED,
}
_CODES: Final[Mapping[str, int]] = {
    "rate_limit_exceeded": 429, "rate_limit_error": 429, "insufficient_quota": 429, "too_many_requests": 429,
    "overloaded_error": 529, "overloaded": 503, "service_unavailable": 503, "server_overloaded": 503,
    "server_error": 500, "api_error": 500, "internal_error": 500, "internal_server_error": 500,
    "timeout_error": 504, "timeout": 504,
    "authentication_error": 401, "invalid_api_key": 401, "billing_error": 402,
    "permission_error": 403, "not_found_error": 404, "model_not_found": 404,
    "request_too_large": 413, "invalid_request_error": 400, "bad_request": 400,
    "context_length_exceeded": 400, "content_filter": 400, "content_policy_violation": 400,
}  # fmt: skip
"""The HTTP status that an error inside a 200 stands for, by its code or type."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A row: when code, type or message match, this is what a client error is about."""

    type: FaultType
    pattern: re.Pattern[str]
    next_endpoint: bool | None = None


def _reading(type_: FaultType, pattern: str, *, next_endpoint: bool | None = None) -> _Reading:
    return _Reading(type_, re.compile(pattern, re.IGNORECASE), next_endpoint)


_READINGS: Final = (
    # "Model does not exist" is SiliconFlow's 400, "Model Not Exist" DeepSeek's.
    _reading(
        T.NOT_FOUND,
        r"model_not_found|model_not_exist|\bmodel (?:\S{1,100} )?(?:does not exist|not found)|\bmodel not exist",
    ),
    _reading(
        T.CONTENT_POLICY_VIOLATION,
        r"content_filter|content_policy|content management policy|safety system|responsible.?ai"
        r"|data_?inspection_?failed",
    ),
    _reading(
        T.CONTEXT_LENGTH_EXCEEDED,
        r"context_length_exceeded|context.{0,10}(?:length|window|size)|prompt is too long|input is too long"
        r"|exceeds the maximum number of (?:input )?tokens|range of input length should be"
        r"|too many (?:input )?tokens|maximum (?:prompt|input) length|max_?(?:completion_|new_|output_)?tokens.{0,40}"
        r"(?:too large|too high|exceed|at most|less than|cannot be greater|>)",
    ),
    _reading(
        T.INVALID_IMAGE,
        r"invalid_image|image_parse_error|invalid_base64|(?:could not|cannot|failed to|unable to) (?:process|decode|"
        r"load|read|download).{0,20}image|(?:invalid|unsupported|corrupt\w*) image|"
        r"image (?:exceeds|is too|size|format)",
    ),
    # Some hosts answer 400 where they mean a bad key or an empty account.
    _reading(
        T.PROVIDER_UNAVAILABLE,
        r"invalid_api_key|api key (?:is )?(?:not valid|invalid)|credit balance is too low|arrearage",
    ),
    _reading(
        T.INVALID_REQUEST,
        r"unsupported_(?:parameter|value)|unknown_parameter|extra_forbidden|(?:unsupported|unrecognized|unknown|"
        r"unexpected|extra) (?:request )?(?:parameter|argument|field|input|keyword|value)"
        r"|(?:not|n't) (?:support|allow|permit)|only supports? stream|must be set to false for non-streaming",
        next_endpoint=True,
    ),
)
_OVERLOADED: Final = re.compile(r"overload|at capacity|over capacity|no capacity|too busy", re.IGNORECASE)
_OURS: Final[Mapping[int, str]] = {
    401: "The provider refused the credential that it was called with",
    402: "The provider's account has no credit left",
    407: "The provider cannot be reached through its proxy",
}
"""Statuses whose own messages tell of keys and accounts."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an error body says: `code` is the upstream's own word, `wait` its hint in seconds."""

    code: str | None = None
    type: str | None = None
    message: str = ""
    status: int | None = None
    wait: float | None = None


def said(body: object) -> Said:
    """Read an error in any of the shapes that providers use; what is none of them says nothing."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return Said(message=body if isinstance(body, str) else "")
    inner = body.get("error")
    error: dict[str, Any] = inner if isinstance(inner, dict) else body
    message = error.get("message", inner if isinstance(inner, str) else body.get("detail", body.get("message")))
    code, kind = error.get("code"), error.get("type")
    number = code if isinstance(code, int) and not isinstance(code, bool) else error.get("status")
    if isinstance(code, str) and code.isdecimal() and len(code) == 3:
        number, code = int(code), None
    if not isinstance(code, str):
        code = error.get("status")  # Google's word stands there, and its `code` is the HTTP status
    return Said(
        code=code if isinstance(code, str) and code else None,
        type=kind if isinstance(kind, str) else None,
        message=message if isinstance(message, str) else "",
        status=number if isinstance(number, int) and 300 <= number < 600 else None,
        wait=hints.in_body(error, body),
    )


def read(body: bytes) -> Said:
    """Read the body of an error response, or say nothing when it is not JSON."""
    try:
        return said(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Said()


def classify(status: int, header: Callable[[str], str | None], body: bytes, *, now: float) -> Fault:
    """Return the fault of a response that is no success; `header` looks one up, `now` is Unix seconds."""
    answer = read(body)
    return _fault(status, answer, hints.wait(header, answer.wait, answer.message, status, now))


def inside(error: object) -> Fault:
    """Return the fault of an error object that came with status 200 or within a stream."""
    answer = said(error)
    status = answer.status
    for word in (answer.code, answer.type):
        if status is None and word is not None:
            status = _CODES.get(word.lower())
    status = status or 502
    return _fault(status, answer, hints.wait(_no_header, answer.wait, answer.message, status, 0.0))


def _no_header(name: str) -> str | None:
    return None


def presentable(found: Fault, secrets: Iterable[str]) -> Fault:
    """Return a fault without secrets, and no longer than people read."""
    message, code = found.message, found.provider_code or ""
    for secret in secrets:
        message, code = message.replace(secret, "***"), code.replace(secret, "***")
    message, code = message[:LONGEST_MESSAGE], code[:LONGEST_CODE]
    if (message, code) == (found.message, found.provider_code or ""):
        return found
    return msgspec.structs.replace(found, message=message, provider_code=code or None)


def fault(type_: FaultType, message: str, **more: Any) -> Fault:
    """Return a fault with the actions of its type."""
    return Fault(type=type_, message=message, **{**ACTIONS.get(type_, {}), **more})


def unavailable(message: str) -> Fault:
    """Return the fault of an upstream that gave no proper answer."""
    return fault(T.PROVIDER_UNAVAILABLE, message)


def timeout(message: str) -> Fault:
    """Return the fault of an upstream that took too long."""
    return fault(T.TIMEOUT, message)


def _fault(status: int, answer: Said, wait: int | None) -> Fault:
    kind, next_endpoint = _kind(status, answer)
    more: dict[str, Any] = {} if next_endpoint is None else {"next_endpoint": next_endpoint}
    return fault(
        kind,
        _message(status, answer.message),
        status=status,
        provider_code=answer.code or answer.type,
        retry_after=wait,
        **more,
    )


def _kind(status: int, answer: Said) -> tuple[FaultType, bool | None]:
    words = " ".join(filter(None, (answer.code, answer.type, answer.message)))[:4000]
    if status >= 500:
        if status == 504:
            return T.TIMEOUT, None
        overloaded = status in _STATUSES or _OVERLOADED.search(words)
        return (T.PROVIDER_OVERLOADED if overloaded else T.PROVIDER_UNAVAILABLE), None
    if status < 400:
        return T.PROVIDER_UNAVAILABLE, None
    if status in {400, 403, 422}:
        for row in _READINGS:
            # A 403 is about permission unless it plainly is about content or the model.
            if row.pattern.search(words) and (status != 403 or row.type in {T.NOT_FOUND, T.CONTENT_POLICY_VIOLATION}):
                return row.type, row.next_endpoint
    return _STATUSES.get(status, T.INVALID_REQUEST), None


def _message(status: int, text: str) -> str:
    if status in _OURS:
        return _OURS[status]
    stated = " ".join(text.split()) if 400 <= status < 500 else ""
    return stated or f"The provider answered with status {status}"
