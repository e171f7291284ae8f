"""A streamed completion as server-sent events: echoes, keep-alives, deltas, the end, usage (spec gateway 2.3, 4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, Final

from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.http.surfaces import echo, shapes
from trunkline.server.http.surfaces.envelope import head
from trunkline.server.http.surfaces.metadata import metadata
from trunkline.server.http.surfaces.refusals import in_band, in_band_refusal
from trunkline.server.usecases.generations import Generation

KEEP_ALIVE: Final = b": OPENROUTER PROCESSING\n\n"
DONE: Final = b"data: [DONE]\n\n"
Beginning = asyncio.Future[Refusal | None]


async def chunks(generation: Generation, beginning: Beginning, keep_alive: float) -> AsyncGenerator[bytes, None]:
    """Yield the events of a call whose `Generation.begin` may still be under way.

    Where it is, a keep-alive is due now; the next ones are left to whoever sends what is yielded (`Stream.alive`).
    """
    shape = _Shape(generation)
    try:
        if generation.progress.request.debug:
            await asyncio.sleep(0)  # lets the first attempt go out: there is nothing to show before
        elif not beginning.done():
            yield KEEP_ALIVE
        for piece in shape.echoes():
            yield piece
        while not beginning.done():
            await asyncio.wait({beginning}, timeout=keep_alive)
            for piece in shape.echoes():
                yield piece
    except BaseException:
        await _abandoned(generation, beginning)
        raise
    if (refusal := beginning.result()) is not None:
        yield shape.broken(in_band_refusal(refusal, generation.docs_url))
        return
    events = generation.events()
    try:
        async for event in events:
            if (made := shape.of(event)) is not None:
                yield made
        if not shape.is_broken:
            yield shape.used()
            yield DONE
    finally:
        await events.aclose()


async def _abandoned(generation: Generation, beginning: Beginning) -> None:
    if not beginning.done():
        beginning.cancel()
        await asyncio.wait({beginning})
    # It may have succeeded in the very moment in which it was given up.
    if not beginning.cancelled() and beginning.exception() is None and beginning.result() is None:
        await generation.leave()


class _Shape:
    """Makes the chunks of one stream."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._request = generation.progress.request
        self._text = self._request.surface is Surface.COMPLETIONS
        self._first = True
        self._head: bytes | None = None
        self._echoed = 0
        self.is_broken = False

    def echoes(self) -> Iterator[bytes]:
        """Yield a chunk for every attempt since the last time, where the caller debugs."""
        sent = self._generation.sent
        while self._request.debug and self._echoed < len(sent):
            body = self._generation.body(sent[self._echoed])
            self._echoed += 1
            yield self._chunk([], debug={"echo_upstream_body": echo.shown(body)})

    def of(self, event: Event) -> bytes | None:
        """Return the chunk of an event, None where it has none."""
        if isinstance(event, Delta):
            return self._piece(event)
        if isinstance(event, Finished):
            return self._end(event)
        return self.broken(in_band(event.fault)) if isinstance(event, Failed) else None

    def _piece(self, event: Delta) -> bytes:
        choice: dict[str, Any] = {"index": event.index, "finish_reason": None, "native_finish_reason": None}
        if self._text:
            choice["text"] = event.content or ""
        else:
            reasoning = not self._request.hides_reasoning
            choice["delta"] = shapes.delta(event, first=self._first, reasoning=reasoning)
        if event.logprobs is not None:
            choice["logprobs"] = event.logprobs
        self._first = False
        return self._chunk([choice])

    def _end(self, event: Finished) -> bytes:
        choice = {"index": event.index, "finish_reason": event.reason, "native_finish_reason": event.native}
        return self._chunk([choice | self._nothing()])

    def used(self) -> bytes:
        """Return the chunk after the last choice: usage and cost, and the routing where that is asked for."""
        record = self._generation.progress.record
        assert record is not None, "the events have been read to their end"
        extras: dict[str, Any] = {"service_tier": record.service_tier} if record.service_tier else {}
        return self._chunk([], usage=shapes.usage(record), **extras, **self._metadata())

    def broken(self, error: dict[str, Any]) -> bytes:
        """Return the last event of a broken stream: the error, a choice that ends in it; no `[DONE]` follows."""
        self.is_broken = True
        choice = {"index": 0, "finish_reason": "error", "native_finish_reason": None, **self._nothing()}
        extras: dict[str, Any] = {"error": error}
        if (record := self._generation.progress.record) is not None and record.endpoint:
            extras["usage"] = shapes.usage(record)
        return self._chunk([choice], **extras, **self._metadata())

    def _nothing(self) -> dict[str, Any]:
        if self._text:
            return {"text": ""}
        return {"delta": {"role": "assistant", "content": ""} if self._first else {"content": ""}}

    def _metadata(self) -> dict[str, Any]:
        return {"openrouter_metadata": metadata(self._generation)} if self._request.wants_metadata else {}

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        if self._generation.candidate is None or more:
            return b"data: %b\n\n" % shapes.ENCODE({**head(self._generation), "choices": choices, **more})
        # What all chunks begin with is written once: it is more than half of most.
        if self._head is None:
            self._head = shapes.ENCODE(head(self._generation))[:-1]
        return b'data: %b,"choices":%b}\n\n' % (self._head, shapes.ENCODE(choices))
