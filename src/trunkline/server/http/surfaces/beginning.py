"""What all inference surfaces begin with: the gateway, the caller, the plan; and what answers end with."""

from __future__ import annotations

from collections.abc import Awaitable

from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.errors import NotFound, Unauthorized
from trunkline.server.http.head import Header
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.usecases import admission
from trunkline.server.usecases.generations import Generation


def begin(context: Context, request: Request, asked: GenerationRequest) -> Awaitable[Generation]:
    """Return what plans a call. Raises `NotFound` on a server that only lists, and like `admission.admit`."""
    if request.caller is None:
        raise Unauthorized
    if context.gateway is None or not (context.gateway.usable or request.caller.byok):
        raise NotFound("This server has no providers configured: it only lists models")
    agent = request.headers.get(b"user-agent", b"").decode("utf-8", "replace")[:500]
    return admission.admit(
        context.gateway,
        context.snapshot(),
        asked,
        request.caller,
        generation_id=request.generation_id,
        region=request.region,
        agent=agent,
    )


def overhead(context: Context, request: Request, generation: Generation) -> tuple[Header, ...]:
    """Return the header that tells how long a whole answer took here, in ms: all of its time but the attempts'."""
    own = (context.clock() - request.arrived) * 1000
    for attempt in generation.progress.attempts:
        own -= attempt.latency_ms
    return ((b"x-trunkline-overhead-ms", b"%.3f" % max(own, 0.0)),)
