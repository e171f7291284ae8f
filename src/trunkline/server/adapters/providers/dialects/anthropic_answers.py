"""Reads answers in Anthropic's Messages format, streamed or whole, as the events of an OpenAI-shaped answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers import faults
from trunkline.server.adapters.providers.dialects.anthropic_messages import FORMAT
from trunkline.server.adapters.providers.dialects.dialect import Garbage, count, decoded_object
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished, Started, Used
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.generation.usage import Usage

Json = dict[str, Any]

REASONS: Final = {
    "end_turn": "stop", "stop_sequence": "stop", "pause_turn": "stop",
    "max_tokens": "length", "model_context_window_exceeded": "length",
    "tool_use": "tool_calls", "refusal": "content_filter",
}  # fmt: skip


class StreamDecoder:
    """Reads the named events of a stream; tools are numbered by themselves, not by their blocks."""

    def __init__(self, surface: Surface) -> None:
        self._done = False
        self._tools: dict[int, int] = {}
        self._argued: set[int] = set()
        self._usage: Json = {}

    @property
    def done(self) -> bool:
        """Whether `message_stop` has come."""
        return self._done

    def take(self, data: bytes) -> Sequence[Event]:
        """Return what one event says. Raises `Garbage`."""
        return list(self._said(decoded_object(data))) if data.strip() else ()

    def _said(self, event: Json) -> Iterator[Event]:
        index = count(event.get("index"))
        match event.get("type"):
            case "content_block_delta":
                yield from self._delta(index, _object(event.get("delta")))
            case "content_block_start":
                yield from self._block(index, _object(event.get("content_block")))
            case "content_block_stop":
                yield from self._stop(index)
            case "message_start":
                message = _object(event.get("message"))
                self._count(message.get("usage"))
                yield _started(message)
            case "message_delta":
                self._count(event.get("usage"))
                yield from _end(_object(event.get("delta")), self._usage)
            case "message_stop":
                self._done = True
            case _ if "error" in event:
                yield Failed(fault=faults.inside(event))
            case None:
                raise Garbage("the provider sent an event without a type")

    def read_block(self, index: int, block: Json) -> Iterator[Event]:
        """Yield what a whole block says."""
        yield from self._block(index, block)
        for name in ("thinking", "signature"):
            if block.get("type") == "thinking" and isinstance(text := block.get(name), str) and text:
                yield from self._delta(index, {"type": f"{name}_delta", name: text})
        yield from self._stop(index)

    def _count(self, usage: object) -> None:
        # Later counts are totals; what they do not repeat still holds.
        self._usage |= {name: value for name, value in _object(usage).items() if value is not None}

    def _block(self, index: int, block: Json) -> Iterator[Event]:
        match block.get("type"):
            case "text":
                if isinstance(text := block.get("text"), str) and text:
                    yield Delta(content=text)
                cited = block.get("citations")
                for citation in cited if isinstance(cited, list) else ():
                    yield from _citation(citation)
            case "tool_use":
                number = self._tools.setdefault(index, len(self._tools))
                given = block.get("input")
                arguments = msgspec.json.encode(given).decode() if given else ""
                function = {"name": block.get("name"), "arguments": arguments}
                if arguments:
                    self._argued.add(index)
                yield Delta(
                    tool_calls=[{"index": number, "id": block.get("id"), "type": "function", "function": function}]
                )
            case "redacted_thinking":
                yield Delta(reasoning_details=[_detail("reasoning.encrypted", index, data=block.get("data"))])

    def _stop(self, index: int) -> Iterator[Event]:
        # A call without arguments says nothing of them; OpenAI's has an empty object.
        if index in self._tools and index not in self._argued:
            self._argued.add(index)
            yield Delta(tool_calls=[{"index": self._tools[index], "function": {"arguments": "{}"}}])

    def _delta(self, index: int, delta: Json) -> Iterator[Event]:
        match delta.get("type"):
            case "text_delta":
                if isinstance(text := delta.get("text"), str) and text:
                    yield Delta(content=text)
            case "input_json_delta":
                if isinstance(part := delta.get("partial_json"), str) and part and index in self._tools:
                    self._argued.add(index)
                    yield Delta(tool_calls=[{"index": self._tools[index], "function": {"arguments": part}}])
            case "thinking_delta":
                if isinstance(text := delta.get("thinking"), str) and text:
                    yield Delta(reasoning=text, reasoning_details=[_detail("reasoning.text", index, text=text)])
            case "signature_delta":
                signature = delta.get("signature")
                yield Delta(reasoning_details=[_detail("reasoning.text", index, signature=signature)])
            case "citations_delta":
                yield from _citation(delta.get("citation"))


def whole(body: bytes, surface: Surface) -> Sequence[Event]:
    """Return what a complete body says. Raises `Garbage`."""
    message = decoded_object(body)
    if "error" in message:
        return [Failed(fault=faults.inside(message))]
    content = message.get("content")
    if not isinstance(content, list):
        raise Garbage("the provider sent JSON without content")
    reader = StreamDecoder(surface)
    events: list[Event] = [_started(message)]
    for index, block in enumerate(content):
        if isinstance(block, dict):
            events += reader.read_block(index, block)
    return [*events, *_end(message, _object(message.get("usage")))]


def usage(stated: Json) -> Usage:
    """Return usage in the OpenAI convention: Anthropic's input excludes what was read from and written to caches."""
    read, written = count(stated.get("cache_read_input_tokens")), count(stated.get("cache_creation_input_tokens"))
    hour = min(count(_object(stated.get("cache_creation")).get("ephemeral_1h_input_tokens")), written)
    output = count(stated.get("output_tokens"))
    details = _object(stated.get("output_tokens_details"))
    return Usage(
        prompt_tokens=count(stated.get("input_tokens")) + read + written,
        completion_tokens=output,
        cached_tokens=read,
        cache_write_tokens=written - hour,
        cache_write_1h_tokens=hour,
        reasoning_tokens=min(count(details.get("reasoning_tokens", details.get("thinking_tokens"))), output),
        searches=count(_object(stated.get("server_tool_use")).get("web_search_requests")),
    )


def _started(message: Json) -> Started:
    tier = _object(message.get("usage")).get("service_tier")
    return Started(
        upstream_id=_text(message.get("id")),
        model=_text(message.get("model")),
        service_tier="default" if tier == "standard" else _text(tier),
    )


def _end(delta: Json, counted: Json) -> Iterator[Event]:
    if native := _text(delta.get("stop_reason")):
        yield Finished(reason=REASONS.get(native, "stop"), native=native)
    if counted:
        yield Used(usage=usage(counted))


def _citation(citation: object) -> Iterator[Event]:
    stated = _object(citation)
    if isinstance(url := stated.get("url"), str):
        cited = {"url": url, "title": stated.get("title") or "", "content": stated.get("cited_text") or ""}
        yield Delta(annotations=[{"type": "url_citation", "url_citation": cited | {"start_index": 0, "end_index": 0}}])


def _detail(kind: str, index: int, **said: object) -> Json:
    return {"type": kind, **said, "id": None, "format": FORMAT, "index": index}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
