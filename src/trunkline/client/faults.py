"""Names the failures of the transport: which request, and what became of it."""

from __future__ import annotations

from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError, RequestTimeoutError

from trunkline.errors.exchange import Request
from trunkline.errors.tree import ConnectionFailedError, NoResponseError, TimedOutError


def named(error: PyreqwestError, request: Request) -> NoResponseError:
    """Return the client's error for one of the transport's."""
    if isinstance(error, RequestTimeoutError):
        return TimedOutError(f"no complete answer within {request.timeout_ms} ms", request)
    return ConnectionFailedError(_reason(error), request)


def _reason(error: PyreqwestError) -> str:
    causes = (error.details.get("causes") if isinstance(error, DetailedPyreqwestError) else None) or []
    # The first cause repeats the address; the last ones say what happened.
    said = [cause["message"] for cause in causes[1:]] or [error.message]
    return ": ".join(dict.fromkeys(said))
