"""Around every inference call: its id in headers and logs, its refusals, and the watch for its caller."""

from __future__ import annotations

import logging
from typing import Any, Final

from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.errors import TrunklineError
from trunkline.server.http import answer, correlation, faults
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import Context, Inference
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream

_TYPES: Final = {
    400: FaultType.INVALID_REQUEST,
    402: FaultType.PAYMENT_REQUIRED,
    403: FaultType.PERMISSION_DENIED,
    404: FaultType.NOT_FOUND,
    413: FaultType.PAYLOAD_TOO_LARGE,
    429: FaultType.RATE_LIMIT_EXCEEDED,
    503: FaultType.PROVIDER_OVERLOADED,
}
_PROMPTS: Final = ("messages", "prompt")
_log = logging.getLogger(__name__)


async def inferred(context: Context, infer: Inference, request: Request) -> Answer | Stream:
    """Answer an inference request; whatever comes of it carries the id that it gets here (spec gateway 0)."""
    id_ = request.generation_id = "" if context.gateway is None else context.gateway.new_id()
    correlation.begin(id_)
    answered: Answer | Stream
    try:
        answered = await infer(context, request)
    except TrunklineError as error:
        answered = _refused(error)
        _log.info("call refused", extra={"status": error.status, "reason": error.message})
    except Exception:  # noqa: BLE001 - a bug is a 500 in the envelope, with the id under which it is logged
        _log.exception("request failed", extra={"method": request.method, "path": request.path.decode("latin-1")})
        answered = faults.fault(TrunklineError())
    if id_:
        answered.headers = (*answered.headers, (b"x-generation-id", id_.encode()))
    return answered


def _refused(error: TrunklineError) -> Answer:
    made = faults.fault(error)
    kind = _TYPES.get(error.status)
    if kind is None:
        return made
    if kind is FaultType.INVALID_REQUEST and error.issues and error.issues[0].path.startswith(_PROMPTS):
        kind = FaultType.INVALID_PROMPT
    metadata: dict[str, Any] = {"error_type": kind.value}
    if error.issues:
        metadata["issues"] = [{"path": issue.path, "message": issue.message} for issue in error.issues]
    told = {"code": error.status, "message": error.told, "metadata": metadata, "error_type": kind.value}
    refused = answer.json({"error": told}, status=error.status)
    refused.headers = made.headers
    return refused
