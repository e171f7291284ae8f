"""Google's Gemini as its provider speaks it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.dialects.said import Asked, Counts, Json, Said, Text, Thought, ToolCall
from tests.upstream.answers import event
from tests.upstream.scripted import Call

REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}
MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none"}


class Gemini:
    name = "gemini"
    model = "gemini-3-flash-x"

    def whole(self, said: Said) -> Json:
        return _answer(said, _parts(said), finish=True)

    def stream(self, said: Said) -> Sequence[bytes]:
        events = [event(_answer(said, [part])) for part in _parts(said)]
        return [*events, event(_answer(said, [], finish=True))]

    def overloaded(self) -> bytes:
        return event({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}})

    def refusal(self, seconds: int) -> tuple[int, Json, tuple[tuple[str, str], ...]]:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds - 0.5}s"}
        error = {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED", "details": [info]}
        return 429, {"error": error}, ()

    def withheld(self) -> Json:
        return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}

    def vectors(self, rows: Sequence[Sequence[float]]) -> Json:
        return {"embeddings": [{"values": row} for row in rows], "usageMetadata": {"promptTokenCount": 4}}

    def embedded(self, call: Call) -> tuple[list[str], int | None]:
        assert call.path == f"/v1/models/{self.model}:batchEmbedContents"
        requests = json.loads(call.body)["requests"]
        assert {request["model"] for request in requests} == {f"models/{self.model}"}
        (dimensions,) = {request.get("outputDimensionality") for request in requests}
        return [part["text"] for request in requests for part in request["content"]["parts"]], dimensions

    def asked(self, call: Call) -> Asked:
        path, _, query = call.path.partition("?")
        name, _, action = path.removeprefix("/v1/models/").partition(":")
        body = json.loads(call.body)
        config = body.get("generationConfig", {})
        assert (action, query) in {("generateContent", ""), ("streamGenerateContent", "alt=sse")}
        assert ("responseJsonSchema" in config) <= (config.get("responseMimeType") == "application/json")
        tools = [tool for group in body.get("tools", ()) for tool in group["functionDeclarations"]]
        choice = body.get("toolConfig", {}).get("functionCallingConfig")
        parts = [part for turn in body["contents"] for part in turn["parts"]]
        return Asked(
            model=name,
            key=call.header("x-goog-api-key"),
            stream=action == "streamGenerateContent",
            system=[part["text"] for part in body.get("systemInstruction", {}).get("parts", ())],
            turns=[(turn["role"], [_item(part) for part in turn["parts"]]) for turn in body["contents"]],
            tools={tool["name"]: tool.get("parametersJsonSchema") for tool in tools},
            choice=choice and choice.get("allowedFunctionNames", [MODES[choice["mode"]]])[0],
            limit=config.get("maxOutputTokens"),
            temperature=config.get("temperature"),
            stops=config.get("stopSequences", []),
            schema=config.get("responseJsonSchema"),
            reasons=bool(config.get("thinkingConfig", {}).keys() & {"thinkingLevel", "thinkingBudget"}),
            signatures=[part["thoughtSignature"] for part in parts if "thoughtSignature" in part],
        )


def _item(part: Json) -> tuple[Any, ...]:
    if "text" in part:
        return "text", part["text"]
    if "inlineData" in part:
        return "image", part["inlineData"]["mimeType"], part["inlineData"]["data"]
    if "fileData" in part:
        return "image", None, part["fileData"]["fileUri"]
    if "functionCall" in part:
        call = part["functionCall"]
        return "call", call["id"], call["name"], call["args"]
    result = part["functionResponse"]
    said = result["response"]
    return "result", result["id"], said["output"] if "output" in said else json.dumps(said)


def _parts(said: Said) -> list[Json]:
    """Return parts; a thought's signature comes with what follows it."""
    parts: list[Json] = []
    signature: str | None = None
    for piece in said.pieces:
        match piece:
            case Thought(text, signature):
                parts.append({"text": text, "thought": True, **said.more})
                continue
            case Text(text):
                part: Json = {"text": text}
            case ToolCall(name, arguments):
                part = {"functionCall": {"name": name, "args": arguments, **said.more}}
        if signature is not None:
            part["thoughtSignature"], signature = signature, None
        parts.append(part | said.more)
    if signature is not None:
        parts.append({"text": "", "thoughtSignature": signature})
    return parts


def _answer(said: Said, parts: list[Json], *, finish: bool = False) -> Json:
    candidate: Json = {"index": 0, "content": {"role": "model", "parts": parts, **said.more}, **said.more}
    if not parts:
        candidate.pop("content")
    if finish:
        candidate["finishReason"] = REASONS[said.finish]
    counted = _usage(said.counts) if finish else {"promptTokenCount": said.counts.prompt}
    head = {"responseId": "resp-1", "modelVersion": "gemini-3-flash-x-2026"}
    return {**head, "candidates": [candidate], "usageMetadata": counted | said.more, **said.more}


def _usage(counts: Counts) -> Json:
    return {
        "promptTokenCount": counts.prompt,
        "cachedContentTokenCount": counts.cached,
        "candidatesTokenCount": counts.completion - counts.thoughts,
        "thoughtsTokenCount": counts.thoughts,
        "totalTokenCount": counts.prompt + counts.completion,
    }
