"""How a call that failed looks to its caller: as an answer of its own, or as the last event of a stream (spec 4)."""

from __future__ import annotations

from typing import Any

import msgspec

from trunkline.server.domain.generation.fault import STATUS, Fault, FaultType
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.http.answer import Answer
from trunkline.server.http.head import Header
from trunkline.server.http.surfaces.shapes import ENCODE

GENERIC = "Internal Server Error"


def refused(refusal: Refusal, metadata: dict[str, Any] | None, docs_url: str) -> Answer:
    """Return the answer of a call that failed before anything was written; `metadata` is `openrouter_metadata`."""
    headers: tuple[Header, ...] = ((b"access-control-allow-origin", b"*"), (b"cache-control", b"no-store"))
    if refusal.retry_after is not None:
        headers = (*headers, (b"retry-after", str(refusal.retry_after).encode()))
    body: dict[str, Any] = {"error": _error(refusal, docs_url)}
    if metadata is not None:
        body["openrouter_metadata"] = metadata
    return Answer(refusal.status, ENCODE(body), headers=headers)


def in_band(fault: Fault) -> dict[str, Any]:
    """Return the `error` of a stream's last event (spec 4.4): an integer code, the type beside it."""
    metadata: dict[str, Any] = {"error_type": fault.type.value}
    if fault.provider_code and fault.type is not FaultType.SERVER:
        metadata["provider_code"] = fault.provider_code
    return {"code": STATUS[fault.type], "message": fault.message, "metadata": metadata}


def in_band_refusal(refusal: Refusal, docs_url: str) -> dict[str, Any]:
    """Return the `error` of a call that failed after its stream had begun with keep-alives only."""
    error = _error(refusal, docs_url)
    del error["http_status"], error["error_type"]
    return error


def _error(refusal: Refusal, docs_url: str) -> dict[str, Any]:
    error: dict[str, Any] = {
        "code": refusal.status,
        "message": refusal.message if refusal.status != 500 else GENERIC,
        "metadata": {"error_type": refusal.type.value, **refusal.metadata},
        "error_type": refusal.type.value,
        "http_status": refusal.status,
    }
    if refusal.provider_code and refusal.status != 500:
        error["metadata"]["provider_code"] = refusal.provider_code
    if refusal.availability is not None:
        error["availability"] = msgspec.structs.replace(refusal.availability, docs_url=docs_url)
    return error
