"""`/embeddings`: vectors in the order of their inputs, never streamed (spec gateway 2.10)."""

from __future__ import annotations

import asyncio

from trunkline.server.domain.generation.delta import Failed, Vector
from trunkline.server.domain.generation.fault import STATUS
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.http.surfaces.beginning import begin, overhead
from trunkline.server.http.surfaces.caching import told
from trunkline.server.http.surfaces.metadata import metadata
from trunkline.server.http.surfaces.reading import embeddings as read_embeddings
from trunkline.server.http.surfaces.refusals import refused
from trunkline.server.http.surfaces.shapes import ENCODE
from trunkline.server.http.surfaces.vectors import encoded, wants_base64


async def embeddings(context: Context, request: Request) -> Answer:
    """Answer `POST /embeddings`."""
    asked = read_embeddings(request)
    stage = context.cohort.stage
    await stage()
    generation = await begin(context, request, asked)
    await stage()
    refusal = await generation.begin(request.presence.gone)
    if refusal is not None:
        return refused(refusal, metadata(generation) if asked.wants_metadata else None, generation.docs_url)
    vectors: list[Vector] = []
    try:  # noqa: SIM105 - every call pays for it
        await stage()
    except asyncio.CancelledError:
        pass  # what has come is paid for: it is settled, whoever is still there
    events = await generation.answer()
    await stage()
    for event in events:
        if isinstance(event, Vector):
            vectors.append(event)
        elif isinstance(event, Failed):
            broken = Refusal(STATUS[event.fault.type], event.fault.type, event.fault.message)
            return refused(broken, metadata(generation) if asked.wants_metadata else None, generation.docs_url)
    record = generation.progress.record
    assert record is not None
    base64 = wants_base64(asked)
    body = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": vector.index, "embedding": encoded(vector.embedding, base64=base64)}
            for vector in sorted(vectors, key=lambda vector: vector.index)
        ],
        "model": generation.served[0],
        "id": generation.id,
        "usage": {
            "prompt_tokens": record.usage.prompt_tokens,
            "total_tokens": record.usage.total_tokens,
            "cost": record.charged,
            "is_byok": record.is_byok,
        },
    }
    if generation.progress.request.wants_metadata:
        body["openrouter_metadata"] = metadata(generation)
    return Answer(
        200, ENCODE(body), headers=(*overhead(context, request, generation), *told(generation, context.clock()))
    )
