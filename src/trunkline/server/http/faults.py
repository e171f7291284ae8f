"""Errors as answers: every failure, the framework's own included, leaves in the one documented envelope (spec 1.6)."""

from __future__ import annotations

from typing import Any

from trunkline.server.errors import MethodNotAllowed, TooManyRequests, TrunklineError, Unavailable
from trunkline.server.http import answer
from trunkline.server.http.answer import Answer
from trunkline.server.http.head import Header


def fault(error: TrunklineError) -> Answer:
    """Return the answer that tells a caller of an error."""
    body: dict[str, Any] = {"code": error.status, "message": error.told}
    if error.issues:
        body["metadata"] = {"issues": [{"path": issue.path, "message": issue.message} for issue in error.issues]}
    if error.error_type is not None:
        body["metadata"] = {"error_type": error.error_type, **body.get("metadata", {})}
    made = answer.json({"error": body}, status=error.status)
    made.headers = _headers(error)
    return made


def _headers(error: TrunklineError) -> tuple[Header, ...]:
    headers: tuple[Header, ...] = ((b"access-control-allow-origin", b"*"), (b"cache-control", b"no-store"))
    if isinstance(error, Unavailable):
        headers += ((b"retry-after", b"1"),)
    if isinstance(error, TooManyRequests):
        headers += (
            (b"retry-after", str(error.retry_after).encode()),
            (b"x-ratelimit-limit", str(error.limit).encode()),
            (b"x-ratelimit-remaining", b"0"),
            (b"x-ratelimit-reset", str(round(error.reset * 1000)).encode()),
        )
    if isinstance(error, MethodNotAllowed):
        headers += ((b"allow", ", ".join(error.allowed).encode()),)
    return headers
