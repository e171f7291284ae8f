"""`/chat/completions` and the legacy `/completions`: whole or streamed answers from normalised events (spec 2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.http.answer import Answer, Header
from trunkline.server.http.operations import Context
from trunkline.server.http.request import Request
from trunkline.server.http.streaming import Stream
from trunkline.server.http.surfaces import shapes
from trunkline.server.http.surfaces.beginning import begin, headers_of
from trunkline.server.http.surfaces.metadata import metadata
from trunkline.server.http.surfaces.reading import chat as read_chat
from trunkline.server.http.surfaces.reading import completions as read_completions
from trunkline.server.http.surfaces.refusals import as_fault, in_band, refused
from trunkline.server.usecases.generations import Generation

KEEP_ALIVE_SECONDS = 10.0
KEEP_ALIVE = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"


async def chat(context: Context, request: Request) -> Answer | Stream:
    """Answer `POST /chat/completions`."""
    return await _complete(context, request, read_chat(request))


async def completions(context: Context, request: Request) -> Answer | Stream:
    """Answer the legacy `POST /completions`."""
    return await _complete(context, request, read_completions(request))


async def _complete(context: Context, request: Request, asked: GenerationRequest) -> Answer | Stream:
    generation = begin(context, request, asked)
    headers = headers_of(generation)
    beginning = asyncio.ensure_future(generation.begin())
    if asked.stream:
        # Until the first token or the first keep-alive is due, a failure is still an HTTP status of its own.
        await asyncio.wait({beginning}, timeout=KEEP_ALIVE_SECONDS)
        if not beginning.done():
            return Stream(_pieces(generation, beginning), headers)
    refusal = await beginning
    if refusal is not None:
        return refused(refusal, headers, metadata(generation) if asked.wants_metadata else None)
    if asked.stream:
        return Stream(_pieces(generation, beginning), headers)
    return await _whole(generation, headers)


@dataclass(slots=True)
class _Frame:
    """What every chunk of one stream has in common."""

    generation: Generation

    def chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return b"data: %b\n\n" % shapes.ENCODE({**_head(self.generation, chunked=True), "choices": choices, **more})


async def _pieces(generation: Generation, beginning: asyncio.Future[Refusal | None]) -> AsyncGenerator[bytes, None]:
    frame = _Frame(generation)
    try:
        while not beginning.done():
            yield KEEP_ALIVE
            await asyncio.wait({beginning}, timeout=KEEP_ALIVE_SECONDS)
    except BaseException:
        beginning.cancel()
        raise
    if (refusal := beginning.result()) is not None:
        yield _broken(frame, Failed(fault=as_fault(refusal)))
        return
    text = generation.progress.request.surface is Surface.COMPLETIONS
    first = True
    events = _kept_alive(generation.events())
    try:
        async for event in events:
            if event is None:
                yield KEEP_ALIVE
            elif isinstance(event, Delta):
                yield frame.chunk([_piece(event, first=first, text=text, reasoning=_shows_reasoning(generation))])
                first = False
            elif isinstance(event, Finished):
                yield frame.chunk([_end(event, first=first, text=text)])
            elif isinstance(event, Failed):
                yield _broken(frame, event)
                return
        yield _used(frame)
        yield DONE
    finally:
        await events.aclose()


async def _kept_alive(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event | None, None]:
    """Yield events as they come, and None whenever a keep-alive is due; closing it closes them."""
    waiting: asyncio.Future[Event | None] | None = None
    try:
        while True:
            waiting = waiting or asyncio.ensure_future(_following(events))
            await asyncio.wait({waiting}, timeout=KEEP_ALIVE_SECONDS)
            if not waiting.done():
                yield None
                continue
            event, waiting = waiting.result(), None
            if event is None:
                return
            yield event
    finally:
        if waiting is not None:
            waiting.cancel()
            await asyncio.wait({waiting})
        await events.aclose()


async def _following(events: AsyncGenerator[Event, None]) -> Event | None:
    return await anext(events, None)


async def _whole(generation: Generation, headers: tuple[Header, ...]) -> Answer:
    collected = shapes.Collected()
    failed: Failed | None = None
    async for event in generation.events():
        if isinstance(event, Delta):
            collected.add(event)
        elif isinstance(event, Finished):
            collected.finished = event
        elif isinstance(event, Failed):
            failed = event
    record = generation.progress.record
    assert record is not None, "the events have been read to their end"
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": "error" if failed else collected.finished.reason if collected.finished else None,
        "native_finish_reason": collected.finished.native if collected.finished else None,
        "logprobs": collected.logprobs,
    }
    if generation.progress.request.surface is Surface.COMPLETIONS:
        choice["text"] = "".join(collected.content)
    else:
        choice["message"] = collected.message(reasoning=_shows_reasoning(generation))
    if failed is not None:
        choice["error"] = in_band(failed.fault)
    body = {
        **_head(generation, chunked=False),
        "system_fingerprint": generation.progress.started.system_fingerprint,
        "service_tier": record.service_tier,
        "choices": [choice],
        "usage": shapes.usage(record.usage, _charge(record)),
    }
    if generation.progress.request.wants_metadata:
        body["openrouter_metadata"] = metadata(generation)
    return Answer(200, shapes.ENCODE(body), headers=headers)


def _head(generation: Generation, *, chunked: bool) -> dict[str, Any]:
    candidate, request = generation.candidate, generation.progress.request
    kind = "chat.completion.chunk" if chunked else "chat.completion"
    return {
        "id": generation.id,
        "object": "text_completion" if request.surface is Surface.COMPLETIONS else kind,
        "created": int(generation.progress.created),
        "model": candidate.model if candidate else request.models[0],
        "provider": candidate.target.provider_name if candidate else "",
    }


def _piece(event: Delta, *, first: bool, text: bool, reasoning: bool) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": event.index, "finish_reason": None, "native_finish_reason": None}
    if text:
        choice["text"] = event.content or ""
    else:
        choice["delta"] = shapes.delta(event, first=first, reasoning=reasoning)
    if event.logprobs is not None:
        choice["logprobs"] = event.logprobs
    return choice


def _end(event: Finished, *, first: bool, text: bool) -> dict[str, Any]:
    ends = {"index": event.index, "finish_reason": event.reason, "native_finish_reason": event.native}
    if text:
        return {**ends, "text": ""}
    return {**ends, "delta": {"role": "assistant", "content": ""} if first else {"content": ""}}


def _broken(frame: _Frame, failed: Failed) -> bytes:
    """Return the event that ends a broken stream: the error at the top, a choice that ends in it, no `[DONE]`."""
    generation = frame.generation
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "native_finish_reason": None}
    extras: dict[str, Any] = {"error": in_band(failed.fault)}
    if (record := generation.progress.record) is not None and record.endpoint:
        extras["usage"] = shapes.usage(record.usage, _charge(record))
    if generation.progress.request.wants_metadata:
        extras["openrouter_metadata"] = metadata(generation)
    return frame.chunk([choice], **extras)


def _used(frame: _Frame) -> bytes:
    """Return the chunk after the last choice: usage and cost, and how the request was routed where that is asked."""
    record = frame.generation.progress.record
    assert record is not None, "the events have been read to their end"
    extras: dict[str, Any] = {"service_tier": record.service_tier} if record.service_tier else {}
    if frame.generation.progress.request.wants_metadata:
        extras["openrouter_metadata"] = metadata(frame.generation)
    return frame.chunk([], usage=shapes.usage(record.usage, _charge(record)), **extras)


def _charge(record: GenerationRecord) -> shapes.Charge:
    return shapes.Charge(record.charged, record.prompt_cost, record.completion_cost, record.is_byok)


def _shows_reasoning(generation: Generation) -> bool:
    return not generation.progress.request.hides_reasoning
