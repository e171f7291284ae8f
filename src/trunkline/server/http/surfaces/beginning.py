"""What all inference surfaces begin with: the gateway, the caller, the generation's id in the headers."""

from __future__ import annotations

from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.errors import NotFound, Unauthorized
from trunkline.server.http.answer import Header
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.usecases import generations
from trunkline.server.usecases.generations import Generation


def begin(context: Context, request: Request, asked: GenerationRequest) -> Generation:
    """Plan a call. Raises `NotFound` on a server that only lists, and what admission and planning refuse with."""
    if context.gateway is None:
        raise NotFound("This server has no providers configured: it only lists models")
    if request.caller is None:
        raise Unauthorized
    agent = request.headers.get(b"user-agent", b"").decode("utf-8", "replace")[:500]
    return generations.start(context.gateway, context.snapshot(), asked, request.caller, request.region, agent)


def headers_of(generation: Generation) -> tuple[Header, ...]:
    """Return the headers that every answer of a call has."""
    return ((b"x-generation-id", generation.id.encode()),)
