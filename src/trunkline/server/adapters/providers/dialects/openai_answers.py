"""Reads answers of OpenAI-compatible servers, streamed or whole, tolerant of what they get wrong (spec gateway 7.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers import faults
from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE, Garbage, decoded_object
from trunkline.server.adapters.providers.dialects.openai_usage import finish_reason, usage
from trunkline.server.adapters.providers.dialects.openai_usual import usual_events
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished, Started, Used, Vector
from trunkline.server.domain.generation.request import EMBEDDINGS, Surface

Json = dict[str, Any]

DONE: Final = b"[DONE]"


class StreamDecoder:
    """Reads `chat.completion.chunk`s and the chunks of text completions."""

    def __init__(self, surface: Surface) -> None:
        self._done = False
        self._begun = False

    @property
    def done(self) -> bool:
        """Whether `[DONE]` has come."""
        return self._done

    def take(self, data: bytes) -> Sequence[Event]:
        """Return what one chunk says. Raises `Garbage`."""
        events = usual_events(data, begins=not self._begun)
        if events is None:
            said = data.strip()
            if not said:
                return ()
            if said == DONE:
                self._done = True
                return ()
            events = list(_events(decoded_object(data), "delta", begins=not self._begun))
        self._begun = True
        return events


def whole(body: bytes, surface: Surface) -> Sequence[Event]:
    """Return what a complete body says. Raises `Garbage`."""
    if surface is EMBEDDINGS:
        return list(_vectors(body))
    events = usual_events(body, begins=True)
    return list(_events(decoded_object(body), "message")) if events is None else events


def _events(chunk: Json, part: str, *, begins: bool = True) -> Iterator[Event]:
    if (error := chunk.get("error")) is not None:
        yield Failed(fault=faults.inside(error if isinstance(error, str) else chunk))
        return
    choices = chunk.get("choices")
    if choices is None and "usage" not in chunk:
        raise Garbage("the provider sent JSON without choices")
    if begins:
        yield Started(
            upstream_id=_text(chunk.get("id")),
            model=_text(chunk.get("model")),
            service_tier=_text(chunk.get("service_tier")),
            system_fingerprint=_text(chunk.get("system_fingerprint")),
        )
    for position, choice in enumerate(choices if isinstance(choices, list) else ()):
        if isinstance(choice, dict):
            yield from _choice(choice, part, position)
    # Groq puts usage aside of the standard's place.
    stated = chunk.get("usage") or _object(chunk.get("x_groq")).get("usage")
    if isinstance(stated, dict):
        yield Used(usage=usage(stated))


def _choice(choice: Json, part: str, position: int) -> Iterator[Event]:
    stated = choice.get("index")
    index = stated if isinstance(stated, int) and not isinstance(stated, bool) else position
    said = choice.get(part) or choice.get("message") or choice.get("delta") or {}
    if isinstance(text := choice.get("text"), str):
        said = {"content": text}
    delta = _delta(said, choice.get("logprobs"), index, is_whole=part == "message") if isinstance(said, dict) else None
    if delta is not None:
        yield delta
    if error := choice.get("error"):
        yield Failed(fault=faults.inside(error))
    native = choice.get("finish_reason")
    if isinstance(native, str) and native:
        yield Finished(
            reason=finish_reason(native), native=_text(choice.get("native_finish_reason")) or native, index=index
        )


def _delta(said: Json, logprobs: object, index: int, *, is_whole: bool) -> Delta | None:
    content, thought = _content(said.get("content"))
    delta = Delta(
        content=content,
        reasoning=_text(said.get("reasoning_content")) or _text(said.get("reasoning")) or thought,
        reasoning_details=_objects(said.get("reasoning_details")),
        tool_calls=_tool_calls(said, is_whole=is_whole),
        refusal=_text(said.get("refusal")),
        images=_objects(said.get("images")),
        audio=_audio(said.get("audio")),
        annotations=_objects(said.get("annotations")),
        logprobs=None if logprobs is None else msgspec.Raw(msgspec.json.encode(logprobs)),
        index=index,
    )
    return delta if delta.is_token or delta.logprobs is not None else None


def _content(content: object) -> tuple[str | None, str | None]:
    """Return (text, thought); Mistral's reasoning models send a list of parts where others send a text."""
    if not isinstance(content, list):
        return _text(content), None
    texts, thoughts = [], []
    for part in content:
        if isinstance(part, dict):
            text, thought = _content(part.get("thinking"))
            thoughts += [piece for piece in (text, thought) if piece]
            texts += [piece for piece in (_text(part.get("text")),) if piece]
    return "".join(texts) or None, "".join(thoughts) or None


def _audio(stated: object) -> Json | None:
    # Pieces of both are strung together, so that they have to be texts.
    kept = {
        name: value
        for name, value in _object(stated).items()
        if isinstance(value, str) or name not in {"data", "transcript"}
    }
    return kept or None


def _tool_calls(said: Json, *, is_whole: bool) -> list[Json] | None:
    listed = _objects(said.get("tool_calls"))
    if listed is None and isinstance(function := said.get("function_call"), dict):
        listed = [{"type": "function", "function": function}]
    if listed is None:
        return None
    calls = [call if _is_sound(call) else _mended(call) for call in listed]
    # Whole messages number their calls by position; a fragment without an index belongs to the first call.
    return [
        call
        if isinstance(call.get("index"), int)
        else {"index": position if is_whole or len(calls) > 1 else 0, **_without(call)}
        for position, call in enumerate(calls)
    ]


def _is_sound(call: Json) -> bool:
    function = call.get("function")
    if not isinstance(call.get("id"), str | None) or not isinstance(function, dict | None):
        return False
    return function is None or all(isinstance(function.get(name), str | None) for name in ("name", "arguments"))


def _mended(call: Json) -> Json:
    """Return a call whose id, name and arguments are texts; some servers send the object that arguments stand for."""
    function = dict(_object(call.get("function")))
    if not isinstance(function.get("name"), str | None):
        del function["name"]
    if not isinstance(arguments := function.get("arguments"), str | None):
        function["arguments"] = msgspec.json.encode(arguments).decode()
    kept = call if isinstance(call.get("id"), str | None) else {name: call[name] for name in call if name != "id"}
    return {**kept, "function": function}


def _without(call: Json) -> Json:
    return {name: value for name, value in call.items() if name != "index"}


class _Row(msgspec.Struct):
    embedding: msgspec.Raw
    index: int | None = None


class _Embeddings(msgspec.Struct):
    """A list of embeddings; numbers stay the text that they came as, which is also what is fast."""

    data: list[_Row]
    id: str | None = None
    model: str | None = None
    usage: Json | None = None


def _vectors(body: bytes) -> Iterator[Event]:
    try:
        answer = msgspec.json.decode(body, type=_Embeddings)
    except UNREADABLE:
        stated = decoded_object(body)
        if (error := stated.get("error")) is None:
            raise Garbage("the provider sent no embeddings") from None
        yield Failed(fault=faults.inside(error if isinstance(error, str) else stated))
        return
    if not answer.data or any(bytes(row.embedding)[:1] not in {b"[", b'"'} for row in answer.data):
        raise Garbage("the provider sent no embeddings")
    yield Started(upstream_id=answer.id, model=answer.model)
    for position, row in enumerate(answer.data):
        yield Vector(index=position if row.index is None else row.index, embedding=row.embedding)
    if answer.usage is not None:
        yield Used(usage=usage(answer.usage))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json] | None:
    if not isinstance(value, list):
        return None
    return [item for item in value if isinstance(item, dict)] or None
