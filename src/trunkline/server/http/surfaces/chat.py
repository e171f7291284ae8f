"""`/chat/completions` and the legacy `/completions`: how a call begins, and answers in one piece (spec 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished
from trunkline.server.domain.generation.request import COMPLETIONS, GenerationRequest
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream
from trunkline.server.http.surfaces import shapes
from trunkline.server.http.surfaces.beginning import begin, overhead
from trunkline.server.http.surfaces.caching import told
from trunkline.server.http.surfaces.chunks import KEEP_ALIVE, chunks
from trunkline.server.http.surfaces.envelope import object_of
from trunkline.server.http.surfaces.metadata import metadata
from trunkline.server.http.surfaces.reading import chat as read_chat
from trunkline.server.http.surfaces.reading import completions as read_completions
from trunkline.server.http.surfaces.refusals import in_band, refused
from trunkline.server.usecases.generations import Generation


def chat(context: Context, request: Request) -> Awaitable[Answer | Stream]:
    """Answer `POST /chat/completions`."""
    return _complete(context, request, read_chat(request))


def completions(context: Context, request: Request) -> Awaitable[Answer | Stream]:
    """Answer the legacy `POST /completions`."""
    return _complete(context, request, read_completions(request))


async def _complete(context: Context, request: Request, asked: GenerationRequest) -> Answer | Stream:
    stage = context.cohort.stage
    await stage()
    generation = await begin(context, request, asked)
    await stage()
    presence = request.presence
    if not asked.stream:
        refusal = await generation.begin(presence.gone)
        if refusal is not None:
            return refused(refusal, metadata(generation) if asked.wants_metadata else None, generation.docs_url)
        try:  # noqa: SIM105 - every call pays for it
            await stage()
        except asyncio.CancelledError:
            pass  # what has come is paid for: it is settled, whoever is still there
        events = await generation.answer()
        await stage()
        whole = _whole(generation, events)
        whole.headers = (*overhead(context, request, generation), *told(generation, context.clock()))
        return whole
    assert context.gateway is not None
    keep_alive = context.gateway.keep_alive_seconds
    beginning = asyncio.ensure_future(generation.begin(presence.gone))
    if not (asked.debug and generation.plan.candidates):
        # Until the first token or the first keep-alive is due, a failure is still an HTTP status of its own.
        either: set[asyncio.Future[Any]] = {beginning, presence.left}
        await asyncio.wait(either, timeout=keep_alive, return_when=asyncio.FIRST_COMPLETED)
        if beginning.done() and (refusal := beginning.result()) is not None:
            return refused(refusal, metadata(generation) if asked.wants_metadata else None, generation.docs_url)
    made = chunks(generation, beginning, keep_alive)
    return Stream(made, told(generation, context.clock()), (KEEP_ALIVE, keep_alive))


def _whole(generation: Generation, events: Sequence[Event]) -> Answer:
    progress = generation.progress
    deltas: list[Delta] = []
    finished: Finished | None = None
    failed: Failed | None = None
    for event in events:
        if isinstance(event, Delta):
            deltas.append(event)
        elif isinstance(event, Finished):
            finished = event
        elif isinstance(event, Failed):
            failed = event
    asked, record = progress.request, progress.record
    if (withheld := progress.refusal) is not None:
        return refused(withheld, metadata(generation) if asked.wants_metadata else None, generation.docs_url)
    assert record is not None, "the events have been read to their end"
    reason, native = (None, None) if finished is None else (finished.reason, finished.native)
    choice = shapes.Choice(0, "error" if failed else reason, native, shapes.logprobs(deltas))
    if asked.surface is COMPLETIONS:
        choice.text = "".join([delta.content for delta in deltas if delta.content])
    else:
        choice.message = shapes.message(deltas, reasoning=not asked.hides_reasoning)
    if failed is not None:
        choice.error = in_band(failed.fault)
    model, provider = generation.served
    body = shapes.Completion(
        generation.id,
        object_of(generation, chunked=False),
        int(progress.created),
        model,
        provider,
        progress.started.system_fingerprint,
        record.service_tier,
        [choice],
        shapes.usage(record),
    )
    if asked.wants_metadata:
        body.openrouter_metadata = metadata(generation)
    return Answer(200, shapes.ENCODE(body))
