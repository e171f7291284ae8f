"""The API's shapes of a chat or text completion: usage, choices, chunks and bodies from normalised events (spec 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from trunkline.server.domain.generation.delta import Delta
from trunkline.server.domain.generation.record import GenerationRecord

ENCODE = msgspec.json.Encoder(decimal_format="number").encode


class _PromptDetails(Struct):
    cached_tokens: int
    cache_write_tokens: int | UnsetType = UNSET
    audio_tokens: int | UnsetType = UNSET


class _CompletionDetails(Struct):
    reasoning_tokens: int
    audio_tokens: int | UnsetType = UNSET
    image_tokens: int | UnsetType = UNSET


class _CostDetails(Struct):
    upstream_inference_cost: Decimal | None
    upstream_inference_prompt_cost: Decimal
    upstream_inference_completions_cost: Decimal


class Usage(Struct):
    """The `usage` object (spec gateway 2.2)."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _PromptDetails
    completion_tokens_details: _CompletionDetails
    cost: Decimal
    is_byok: bool
    cost_details: _CostDetails


class Choice(Struct):
    """One choice of an answer that is not streamed: with a `message`, or the `text` of a legacy completion."""

    index: int
    finish_reason: str | None
    native_finish_reason: str | None
    logprobs: msgspec.Raw | None
    text: str | UnsetType = UNSET
    message: Message | dict[str, Any] | UnsetType = UNSET
    error: dict[str, Any] | UnsetType = UNSET


class Message(Struct):
    """A message of text alone (spec gateway 2.1)."""

    role: str
    content: str | None
    refusal: str | None
    reasoning: str | None


class Completion(Struct):
    """A whole completion (spec gateway 2.1)."""

    id: str
    object: str
    created: int
    model: str
    provider: str
    system_fingerprint: str | None
    service_tier: str | None
    choices: list[Choice]
    usage: Usage
    openrouter_metadata: dict[str, Any] | UnsetType = UNSET


def usage(record: GenerationRecord) -> Usage:
    """Return what a generation used and costs."""
    used, prompt, completion = record.usage, record.prompt_cost, record.completion_cost
    written = used.cache_write_tokens + used.cache_write_1h_tokens
    return Usage(
        used.prompt_tokens,
        used.completion_tokens,
        used.prompt_tokens + used.completion_tokens,
        _PromptDetails(used.cached_tokens, written or UNSET, used.audio_tokens or UNSET),
        _CompletionDetails(used.reasoning_tokens, used.audio_output_tokens or UNSET, used.image_output_tokens or UNSET),
        record.charged,
        record.is_byok,
        _CostDetails(prompt + completion if record.is_byok else None, prompt, completion),
    )


def delta(piece: Delta, *, first: bool, reasoning: bool) -> dict[str, Any]:
    """Return a chunk's `delta`; the first names the role, `reasoning` False leaves reasoning out."""
    shown: dict[str, Any] = {"role": "assistant"} if first else {}
    if piece.content is not None or first:
        shown["content"] = piece.content or ""
    if reasoning and piece.reasoning:
        shown["reasoning"] = piece.reasoning
    if reasoning and piece.reasoning_details:
        shown["reasoning_details"] = piece.reasoning_details
    for name in ("tool_calls", "refusal", "images", "audio", "annotations"):
        if (value := getattr(piece, name)) is not None:
            shown[name] = value
    return shown


def message(deltas: Sequence[Delta], *, reasoning: bool) -> Message | dict[str, Any]:
    """Return the whole `message` of one choice from its deltas (spec gateway 2.1); `reasoning` False leaves it out."""
    if len(deltas) == 1:
        one = deltas[0]
        if not (one.tool_calls or one.reasoning_details or one.images or one.audio or one.annotations):
            return Message("assistant", one.content or "", one.refusal or None, one.reasoning if reasoning else None)
    collected = Collected()
    for delta in deltas:
        collected.add(delta)
    return collected.message(reasoning=reasoning)


def logprobs(deltas: Sequence[Delta]) -> msgspec.Raw | None:
    """Return the last log probabilities that deltas came with."""
    found = None
    for piece in deltas:
        found = piece.logprobs or found
    return found


class Collected:
    """The deltas of one choice, put together for an answer that is not streamed."""

    __slots__ = (
        "annotations", "audio", "calls", "content", "details", "images", "reasoning", "refusal",
    )  # fmt: skip

    def __init__(self) -> None:
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.details: list[dict[str, Any]] = []
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self.calls: dict[int, dict[str, Any]] = {}
        self.audio: dict[str, Any] = {}

    def add(self, piece: Delta) -> None:
        """Take in the next delta."""
        if piece.content:
            self.content.append(piece.content)
        if piece.reasoning:
            self.reasoning.append(piece.reasoning)
        if piece.refusal:
            self.refusal.append(piece.refusal)
        if piece.images:
            self.images += piece.images
        if piece.annotations:
            self.annotations += piece.annotations
        for detail in piece.reasoning_details or ():
            _merge_detail(self.details, detail)
        for call in piece.tool_calls or ():
            _merge_call(self.calls, call)
        if piece.audio:
            self._hear(piece.audio)

    def _hear(self, audio: Mapping[str, Any]) -> None:
        for name, value in audio.items():
            joins = name in ("data", "transcript") and isinstance(self.audio.get(name), str)
            self.audio[name] = self.audio[name] + value if joins else value

    def message(self, *, reasoning: bool) -> Message | dict[str, Any]:
        """Return the whole `message` (spec gateway 2.1)."""
        text, calls = "".join(self.content), self.calls
        details = self.details if reasoning else None
        plain = Message(
            "assistant",
            text if text or not calls else None,
            "".join(self.refusal) or None,
            "".join(self.reasoning) or None if reasoning else None,
        )
        if not (calls or details or self.images or self.audio or self.annotations):
            return plain
        extras = {
            "reasoning_details": details,
            "tool_calls": [calls[index] for index in sorted(calls)],
            "images": self.images,
            "audio": self.audio,
            "annotations": self.annotations,
        }
        return msgspec.structs.asdict(plain) | {name: value for name, value in extras.items() if value}


def _merge_call(calls: dict[int, dict[str, Any]], fragment: Mapping[str, Any]) -> None:
    index = fragment.get("index", 0)
    call = calls.setdefault(index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
    call["id"] = call["id"] or fragment.get("id") or ""
    function = fragment.get("function") or {}
    call["function"]["name"] = call["function"]["name"] or function.get("name") or ""
    call["function"]["arguments"] += function.get("arguments") or ""


def _merge_detail(details: list[dict[str, Any]], piece: Mapping[str, Any]) -> None:
    # Pieces of one block share index and type: their texts are strung together (spec 2.4).
    last = details[-1] if details else None
    same = last is not None and all(last.get(name) == piece.get(name) for name in ("index", "type"))
    if last is None or not same or piece.get("type") == "reasoning.encrypted":
        details.append(dict(piece))
        return
    for name, value in piece.items():
        joins = name in ("text", "summary") and isinstance(last.get(name), str) and isinstance(value, str)
        last[name] = last[name] + value if joins else last.get(name) if value is None else value
