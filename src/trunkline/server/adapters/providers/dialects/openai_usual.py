"""Reads the usual shape of OpenAI's answers straight into events; all that is unusual is for the tolerant reader.

Most of what all providers send has this shape, and typed structs read it in a third of the time.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE
from trunkline.server.adapters.providers.dialects.openai_usage import Stated, finish_reason, usage_of
from trunkline.server.domain.generation.delta import Delta, Event, Finished, Started, Used


class _Said(Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    reasoning_details: Any = None
    tool_calls: Any = None
    function_call: Any = None
    images: Any = None
    audio: Any = None
    annotations: Any = None


class _Choice(Struct):
    index: int | None = None
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    logprobs: Any = None
    text: Any = None
    error: Any = None


class _Answer(Struct):
    choices: list[_Choice]
    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    usage: Stated | None = None
    x_groq: Any = None
    error: Any = None


_DECODER: Final = msgspec.json.Decoder(_Answer)


def usual_events(data: bytes, *, begins: bool) -> list[Event] | None:
    """Return what a body or a chunk says, None where it is not of the usual shape; `begins`: it is the first one."""
    try:
        answer = _DECODER.decode(data)
    except UNREADABLE:  # a `ValidationError` is a `DecodeError`
        return None
    stated = answer.usage
    if answer.error is not None or answer.x_groq is not None or (stated is not None and stated.prompt_tokens is None):
        return None
    events: list[Event] = []
    if begins:
        events.append(
            Started(  # all events in the order of their fields
                answer.id or None,
                answer.model or None,
                answer.service_tier or None,
                answer.system_fingerprint or None,
            )
        )
    for position, choice in enumerate(answer.choices):
        if choice.text is not None or choice.error or (choice.message is not None and choice.delta is not None):
            return None
        index = position if choice.index is None else choice.index
        said = choice.delta or choice.message
        if said is not None:
            if (
                said.tool_calls
                or said.annotations
                or said.reasoning_details
                or said.images
                or said.audio
                or said.function_call is not None
            ):
                return None
            thought = said.reasoning_content or said.reasoning
            if said.content or thought or said.refusal or choice.logprobs is not None:
                logprobs = choice.logprobs
                raw = None if logprobs is None else msgspec.Raw(msgspec.json.encode(logprobs))
                content, refusal = said.content or None, said.refusal or None
                events.append(Delta(content, thought or None, None, None, refusal, None, None, None, raw, index))
        elif choice.logprobs is not None:
            return None
        native = choice.finish_reason
        if native:
            events.append(Finished(finish_reason(native), choice.native_finish_reason or native, index))
    if stated is not None:
        events.append(Used(usage_of(stated)))
    return events
