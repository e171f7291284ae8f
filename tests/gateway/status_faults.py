"""Faults that a provider tells by an HTTP status, and its hints of when to come back."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any, Final

from tests.factories import NOON
from tests.gateway.fault_rows import LIMITED, OVERLOADED, TIMEOUT, Row, everywhere, raw
from tests.upstream.answers import whole


def told(name: str, status: int, sees: str, what: str = "", *, body: Any = None, **more: Any) -> Row:
    """Return the row of a status; `body` is what comes with it."""
    said = {"error": {"message": "no"}} if body is None else body
    return everywhere(name, what or f"{status}", *whole(said, status), sees=sees, **more)


def limited(name: str, what: str, wait: int | None, *headers: tuple[str, str], body: Any = None) -> Row:
    """Return the row of a 429 with a hint."""
    said = {"error": {"message": "slow down"}} if body is None else body
    return everywhere(f"429_{name}", f"429 {what}", *whole(said, 429, *headers), sees=LIMITED, wait=wait)


def google(delay: str) -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    return {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [info]}}


STATUSES: Final = [
    told("400", 400, "400 invalid_request", passes_on=False),
    told(
        "400_context",
        400,
        "400 context_length_exceeded",
        "400: the prompt is too long (only a larger window is tried next)",
        body={"error": {"message": "maximum context length is 100 tokens", "code": "context_length_exceeded"}},
        passes_on=False,
    ),
    told(
        "400_parameter",
        400,
        "400 invalid_request",
        "400: it does not support a parameter",
        body={"error": {"message": "Unsupported parameter: 'seed'", "code": "unsupported_parameter"}},
    ),
    told(
        "400_filter",
        400,
        "400 content_policy_violation",
        "400: its content filter objects",
        body={"error": {"message": "flagged", "code": "content_filter"}},
    ),
    told("400_html", 400, "400 invalid_request", "400 with a page of HTML", body=b"<html>no</html>", passes_on=False),
    told("401", 401, "502 provider_unavailable", "401: the operator's key is refused"),
    told("402", 402, "502 provider_unavailable", "402: the operator's account is empty"),
    told("403", 403, "403 permission_denied"),
    told("404", 404, "404 not_found"),
    told("405", 405, "502 provider_unavailable"),
    told("407", 407, "502 provider_unavailable"),
    told("408", 408, TIMEOUT),
    told("409", 409, "502 provider_unavailable"),
    told("410", 410, "404 not_found"),
    told("413", 413, "413 payload_too_large", passes_on=False),
    told("418", 418, "400 invalid_request", passes_on=False),
    told("422", 422, "422 unprocessable", passes_on=False),
    told("451", 451, "403 permission_denied"),
    told("500", 500, "502 provider_unavailable"),
    told(
        "500_overloaded", 500, OVERLOADED, "500 that says it is overloaded", body={"error": {"message": "overloaded"}}
    ),
    told("501", 501, "502 provider_unavailable"),
    told("502", 502, "502 provider_unavailable"),
    told("503", 503, OVERLOADED),
    told("504", 504, TIMEOUT),
    told("520", 520, "502 provider_unavailable", "520 to 526 of a proxy before it"),
    told("529", 529, "529 provider_overloaded"),
    told("599", 599, "502 provider_unavailable", "a status that nobody knows"),
    everywhere(
        "301",
        "it redirects (never followed)",
        *raw("HTTP/1.1 301 Moved|location: http://127.0.0.1:1/|content-length: 0"),
    ),
    everywhere(
        "307",
        "it redirects and wants the body repeated",
        *raw("HTTP/1.1 307 Moved|location: /v1/other|content-length: 0"),
    ),
    everywhere("304", "it answers 304", *raw("HTTP/1.1 304 Not Modified|etag: x")),
    everywhere("huge_error", "an error whose body is 1 MB", *whole(b'{"error": "' + b"x" * 1_000_000 + b'"}', 500)),
]
HINTS: Final = [
    limited("bare", "without a hint", None),
    limited("seconds", "`Retry-After: 7`", 7, ("retry-after", "7")),
    limited("fraction", "`Retry-After: 0.2`", 1, ("retry-after", "0.2")),
    limited("date", "`Retry-After` with a date", 3600, ("retry-after", formatdate(NOON + 86_400, usegmt=True))),
    limited(
        "past", "`Retry-After` with a date that has passed", 0, ("retry-after", formatdate(NOON - 60, usegmt=True))
    ),
    limited("negative", "`Retry-After: -5`", 0, ("retry-after", "-5")),
    limited("huge", "`Retry-After: 99999999`", 3600, ("retry-after", "99999999")),
    limited("word", "`Retry-After: soon`", None, ("retry-after", "soon")),
    limited("nan", "`Retry-After: nan`", None, ("retry-after", "nan")),
    limited("ms", "`retry-after-ms: 1500`", 2, ("retry-after-ms", "1500"), ("retry-after", "9")),
    limited("reset_requests", "`x-ratelimit-reset-requests: 1m30.5s`", 91, ("x-ratelimit-reset-requests", "1m30.5s")),
    limited("reset_tokens", "`x-ratelimit-reset-tokens: 20ms`", 1, ("x-ratelimit-reset-tokens", "20ms")),
    limited("reset", "`x-ratelimit-reset: 12`", 12, ("x-ratelimit-reset", "12")),
    limited("reset_unix", "`x-ratelimit-reset` as Unix time", 3600, ("x-ratelimit-reset", f"{NOON + 86_400:.0f}")),
    limited(
        "reset_unix_ms",
        "`x-ratelimit-reset` as Unix time in ms",
        3600,
        ("x-ratelimit-reset", f"{NOON + 86_400:.0f}000"),
    ),
    limited("reset_ietf", "`ratelimit-reset: 30`", 30, ("ratelimit-reset", "30")),
    limited(
        "reset_anthropic",
        "`anthropic-ratelimit-requests-reset` with a time",
        3600,
        ("anthropic-ratelimit-requests-reset", "2026-08-23T12:00:00Z"),
    ),
    limited("google", "`retryDelay: 34.07s` in the body, as Google has it", 35, body=google("34.07s")),
    limited(
        "retry_after_body",
        "`retry_after: 4.2` in the body",
        5,
        body={"error": {"message": "slow down", "retry_after": 4.2}},
    ),
    limited(
        "sentence",
        "`Please try again in 1m2.5s` in the message, as OpenAI has it",
        63,
        body={"error": {"message": "Rate limit reached for m. Please try again in 1m2.5s. Visit x to learn more."}},
    ),
    everywhere(
        "503_hint",
        "503 `Retry-After: 5`",
        *whole({"error": {"message": "busy"}}, 503, ("retry-after", "5")),
        sees=OVERLOADED,
        wait=5,
    ),
]
