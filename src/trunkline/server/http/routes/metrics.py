"""`/metrics` for Prometheus: for whoever asks from this machine, or with a management key."""

from __future__ import annotations

import ipaddress

from trunkline.server.errors import Forbidden, NotFound, Unauthorized
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.request import Request

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = frozenset((b"forwarded", b"x-forwarded-for", b"x-real-ip"))


def _metrics(context: Context, request: Request) -> Answer:
    if not _is_local(request):
        if request.caller is None:
            raise Unauthorized
        if not request.caller.key.is_management:
            raise Forbidden
    if context.gateway is None or context.gateway.metrics is None:
        raise NotFound("This server has no providers configured: there is nothing to measure")
    return Answer(200, context.gateway.metrics(), CONTENT_TYPE, ((b"cache-control", b"no-store"),))


def _is_local(request: Request) -> bool:
    # What a proxy on this machine passes on comes from somewhere else.
    if request.peer is None or not _FORWARDED.isdisjoint(request.headers):
        return False
    try:
        return ipaddress.ip_address(request.peer).is_loopback
    except ValueError:
        return False


OPERATIONS = (
    Operation(
        id="getMetrics",
        path="/metrics",
        tag="Health",
        summary="Counts for Prometheus",
        description="From this machine without a key, from elsewhere with a management key.",
        handler=_metrics,
        errors=(401, 403, 404),
        media="text/plain",
    ),
)
