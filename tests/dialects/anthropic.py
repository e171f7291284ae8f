"""Anthropic's Messages as a provider speaks them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.dialects.said import Asked, Counts, Json, Said, Text, Thought, ToolCall
from tests.upstream.answers import event
from tests.upstream.scripted import Call

REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
CHOICES = {"auto": "auto", "any": "required", "none": "none"}


class Anthropic:
    name = "anthropic"
    model = "claude-x"

    def whole(self, said: Said) -> Json:
        blocks = [block | said.more for block in _blocks(said)]
        return {**_message(said), "content": blocks, "stop_reason": REASONS[said.finish]}

    def stream(self, said: Said) -> Sequence[bytes]:
        events = [_event(said, "message_start", message=_message(said) | {"content": [], "stop_reason": None})]
        for index, block in enumerate(_blocks(said)):
            empty, deltas = _fragments(block)
            events.append(_event(said, "content_block_start", index=index, content_block=empty | said.more))
            events += [_event(said, "content_block_delta", index=index, delta=delta | said.more) for delta in deltas]
            events.append(_event(said, "content_block_stop", index=index))
        events.append(_event(said, "ping"))
        end = {"stop_reason": REASONS[said.finish], "stop_sequence": None, **said.more}
        events.append(_event(said, "message_delta", delta=end, usage=_usage(said.counts)))
        if said.more:
            events.append(_event(said, "something_new", value=1))
        return [*events, _event(said, "message_stop")]

    def overloaded(self) -> bytes:
        return event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")

    def refusal(self, seconds: int) -> tuple[int, Json, tuple[tuple[str, str], ...]]:
        error = {"type": "rate_limit_error", "message": "Slow down"}
        return 429, {"type": "error", "error": error}, (("retry-after", str(seconds)),)

    def withheld(self) -> Json:
        return self.whole(Said(pieces=(), finish="content_filter"))

    def vectors(self, rows: Sequence[Sequence[float]]) -> Json:
        raise NotImplementedError("Anthropic embeds nothing")

    def embedded(self, call: Call) -> tuple[list[str], int | None]:
        raise NotImplementedError("Anthropic embeds nothing")

    def asked(self, call: Call) -> Asked:
        assert call.path == "/v1/messages"
        assert call.header("anthropic-version") == "2023-06-01"
        body = json.loads(call.body)
        choice = body.get("tool_choice")
        turns: list[tuple[str, list[tuple[Any, ...]]]] = []
        signatures: list[str] = []
        for message in body["messages"]:
            signatures += [block["signature"] for block in message["content"] if block["type"] == "thinking"]
            items = [_item(block) for block in message["content"] if block["type"] != "thinking"]
            turns.append(({"assistant": "model"}.get(message["role"], message["role"]), items))
        return Asked(
            model=body["model"],
            key=call.header("x-api-key"),
            stream=body.get("stream", False),
            system=[block["text"] for block in body.get("system", ())],
            turns=turns,
            tools={tool["name"]: tool["input_schema"] for tool in body.get("tools", ())},
            choice=choice and (choice.get("name") or CHOICES[choice["type"]]),
            limit=body["max_tokens"],
            temperature=body.get("temperature"),
            stops=body.get("stop_sequences", []),
            schema=body.get("output_config", {}).get("format", {}).get("schema"),
            reasons="thinking" in body,
            signatures=signatures,
        )


def _item(block: Json) -> tuple[Any, ...]:
    match block["type"]:
        case "text":
            return "text", block["text"]
        case "image":
            source = block["source"]
            return "image", source.get("media_type"), source.get("data", source.get("url"))
        case "tool_use":
            return "call", block["id"], block["name"], block["input"]
    content = block["content"]
    text = content if isinstance(content, str) else "".join(part["text"] for part in content)
    return "result", block["tool_use_id"], text


def _blocks(said: Said) -> list[Json]:
    blocks: list[Json] = []
    for piece in said.pieces:
        match piece:
            case Text(text):
                blocks.append({"type": "text", "text": text})
            case Thought(text, signature):
                blocks.append({"type": "thinking", "thinking": text, "signature": signature})
            case ToolCall(name, arguments):
                blocks.append({"type": "tool_use", "id": f"toolu_{len(blocks)}", "name": name, "input": arguments})
    return blocks


def _fragments(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "text":
            return block | {"text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case "thinking":
            thought = {"type": "thinking_delta", "thinking": block["thinking"]}
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return block | {"thinking": "", "signature": ""}, [thought, signed]
    written = json.dumps(block["input"]) if block["input"] else ""
    parts = ["", written[:3], written[3:]]
    return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def _message(said: Said) -> Json:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x-2026"}
    return {**head, "usage": _usage(said.counts) | said.more, **said.more}


def _event(said: Said, kind: str, **members: Any) -> bytes:
    return event({"type": kind, **members, **said.more}, kind)


def _usage(counts: Counts) -> Json:
    return {
        "input_tokens": counts.prompt - counts.cached,
        "cache_read_input_tokens": counts.cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": counts.completion,
        "output_tokens_details": {"thinking_tokens": counts.thoughts},
    }
