"""OpenAI's chat completions as a provider speaks them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.dialects.said import Asked, Counts, Json, Said, Text, Thought, ToolCall
from tests.upstream.answers import DONE, event
from tests.upstream.scripted import Call

FORMAT = {"format": "unknown", "id": None}


class OpenAI:
    name = "openai"
    model = "gpt-x"

    def whole(self, said: Said) -> Json:
        message: Json = {"role": "assistant", "content": None, **said.more}
        calls = []
        for piece in said.pieces:
            match piece:
                case Text(text):
                    message["content"] = (message["content"] or "") + text
                case Thought(text, signature):
                    message["reasoning_content"] = message.get("reasoning_content", "") + text
                    message.setdefault("reasoning_details", []).append(_detail(text, signature))
                case ToolCall(name, arguments):
                    function = {"name": name, "arguments": json.dumps(arguments)}
                    calls.append({"id": f"call_{len(calls)}", "type": "function", "function": function, **said.more})
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": _reason(said), **said.more}
        return {**_head(), "object": "chat.completion", "choices": [choice], "usage": _usage(said.counts), **said.more}

    def stream(self, said: Said) -> Sequence[bytes]:
        deltas: list[Json] = [{"role": "assistant", "content": ""}]
        calls = 0
        for piece in said.pieces:
            match piece:
                case Text(text):
                    deltas.append({"content": text})
                case Thought(text, signature):
                    deltas.append({"reasoning_content": text, "reasoning_details": [_detail(text, signature)]})
                case ToolCall(name, arguments):
                    written = json.dumps(arguments)
                    call = {"index": calls, "id": f"call_{calls}", "type": "function"}
                    deltas.append({"tool_calls": [call | {"function": {"name": name, "arguments": written[:3]}}]})
                    deltas.append({"tool_calls": [{"index": calls, "function": {"arguments": written[3:]}}]})
                    calls += 1
        events = [event(_chunk(said, delta)) for delta in deltas]
        events.append(event(_chunk(said, {}, _reason(said))))
        return [*events, event({**_head(), "choices": [], "usage": _usage(said.counts), **said.more}), DONE]

    def overloaded(self) -> bytes:
        return event({"error": {"message": "Overloaded", "type": "server_error", "code": "overloaded"}})

    def refusal(self, seconds: int) -> tuple[int, Json, tuple[tuple[str, str], ...]]:
        error = {"message": "Slow down", "type": "requests", "code": "rate_limit_exceeded"}
        return 429, {"error": error}, (("retry-after", str(seconds)),)

    def withheld(self) -> Json:
        return self.whole(Said(pieces=(), finish="content_filter"))

    def vectors(self, rows: Sequence[Sequence[float]]) -> Json:
        data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
        return {"object": "list", "data": data, "model": self.model, "usage": {"prompt_tokens": 4, "total_tokens": 4}}

    def embedded(self, call: Call) -> tuple[list[str], int | None]:
        assert call.path == "/v1/embeddings"
        body = json.loads(call.body)
        return body["input"], body.get("dimensions")

    def asked(self, call: Call) -> Asked:
        assert call.path == "/v1/chat/completions"
        body = json.loads(call.body)
        leading = True
        system: list[str] = []
        turns: list[tuple[str, list[tuple[Any, ...]]]] = []
        signatures: list[str] = []
        for message in body["messages"]:
            leading = leading and message["role"] in {"system", "developer"}
            items = _items(message)
            signatures += [one["signature"] for one in message.get("reasoning_details") or ()]
            if leading:
                system += [item[1] for item in items]
                continue
            role = "model" if message["role"] == "assistant" else "user"
            if turns and turns[-1][0] == role:
                turns[-1][1].extend(items)
            else:
                turns.append((role, items))
        choice = body.get("tool_choice")
        form = body.get("response_format") or {}
        return Asked(
            model=body["model"],
            key=(call.header("authorization") or "").removeprefix("Bearer ") or None,
            stream=body.get("stream", False),
            system=system,
            turns=turns,
            tools={tool["function"]["name"]: tool["function"].get("parameters") for tool in body.get("tools", ())},
            choice=choice["function"]["name"] if isinstance(choice, dict) else choice,
            limit=body.get("max_tokens"),
            temperature=body.get("temperature"),
            stops=[body["stop"]] if isinstance(body.get("stop"), str) else body.get("stop", []),
            schema=form.get("json_schema", {}).get("schema"),
            reasons="reasoning" in body or "reasoning_effort" in body,
            signatures=signatures,
        )


def _items(message: Json) -> list[tuple[Any, ...]]:
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if message["role"] == "tool":
        return [("result", message["tool_call_id"], "".join(part["text"] for part in parts))]
    items: list[tuple[Any, ...]] = []
    for part in parts:
        if part["type"] == "text":
            items.append(("text", part["text"]))
        else:
            url = part["image_url"]["url"]
            kind, inside, data = url.removeprefix("data:").partition(";base64,")
            items.append(("image", kind, data) if inside else ("image", None, url))
    calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or ()]
    return items + [("call", known, said["name"], json.loads(said["arguments"])) for known, said in calls]


def _head() -> Json:
    return {"id": "chatcmpl-1", "created": 1, "model": "gpt-x-2026"}


def _chunk(said: Said, delta: Json, finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta | said.more, "finish_reason": finish, **said.more}
    return {**_head(), "object": "chat.completion.chunk", "choices": [choice], **said.more}


def _detail(text: str, signature: str) -> Json:
    return {"type": "reasoning.text", "text": text, "signature": signature, "index": 0, **FORMAT}


def _reason(said: Said) -> str:
    return said.finish


def _usage(counts: Counts) -> Json:
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "prompt_tokens_details": {"cached_tokens": counts.cached},
        "completion_tokens_details": {"reasoning_tokens": counts.thoughts},
    }
