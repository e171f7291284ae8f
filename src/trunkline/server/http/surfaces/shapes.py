"""The API's shapes of a chat or text completion: usage, choices, chunks and bodies from normalised events (spec 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from trunkline.server.domain.generation.delta import Delta, Finished
from trunkline.server.domain.generation.usage import Usage

ENCODE = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Charge:
    """What a generation costs, in USD: what is charged, and the list price of its two sides."""

    cost: Decimal
    prompt_cost: Decimal
    completion_cost: Decimal
    is_byok: bool = False


def usage(used: Usage, charge: Charge) -> dict[str, Any]:
    """Return the `usage` object (spec gateway 2.2)."""
    prompt: dict[str, Any] = {"cached_tokens": used.cached_tokens}
    if used.cache_write_tokens or used.cache_write_1h_tokens:
        prompt["cache_write_tokens"] = used.cache_write_tokens + used.cache_write_1h_tokens
    if used.audio_tokens:
        prompt["audio_tokens"] = used.audio_tokens
    completion: dict[str, Any] = {"reasoning_tokens": used.reasoning_tokens}
    if used.audio_output_tokens:
        completion["audio_tokens"] = used.audio_output_tokens
    if used.image_output_tokens:
        completion["image_tokens"] = used.image_output_tokens
    return {
        "prompt_tokens": used.prompt_tokens,
        "completion_tokens": used.completion_tokens,
        "total_tokens": used.total_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": completion,
        "cost": charge.cost,
        "is_byok": charge.is_byok,
        "cost_details": {
            "upstream_inference_cost": charge.prompt_cost + charge.completion_cost if charge.is_byok else None,
            "upstream_inference_prompt_cost": charge.prompt_cost,
            "upstream_inference_completions_cost": charge.completion_cost,
        },
    }


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


@dataclass(slots=True)
class Collected:
    """The deltas of one choice, put together for an answer that is not streamed."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    calls: dict[int, dict[str, Any]] = field(default_factory=dict)
    audio: dict[str, Any] = field(default_factory=dict)
    logprobs: msgspec.Raw | None = None
    finished: Finished | None = None

    def add(self, piece: Delta) -> None:
        """Take in the next delta."""
        self.content += [piece.content] if piece.content else []
        self.reasoning += [piece.reasoning] if piece.reasoning else []
        self.refusal += [piece.refusal] if piece.refusal else []
        self.images += piece.images or []
        self.annotations += piece.annotations or []
        self.logprobs = piece.logprobs or self.logprobs
        for detail in piece.reasoning_details or ():
            _merge_detail(self.details, detail)
        for call in piece.tool_calls or ():
            _merge_call(self.calls, call)
        for name, value in (piece.audio or {}).items():
            joins = name in ("data", "transcript") and isinstance(self.audio.get(name), str)
            self.audio[name] = self.audio[name] + value if joins else value

    def message(self, *, reasoning: bool) -> dict[str, Any]:
        """Return the whole `message` (spec gateway 2.1)."""
        text = "".join(self.content)
        shown: dict[str, Any] = {
            "role": "assistant",
            "content": text if text or not self.calls else None,
            "refusal": "".join(self.refusal) or None,
            "reasoning": "".join(self.reasoning) or None if reasoning else None,
        }
        if reasoning and self.details:
            shown["reasoning_details"] = self.details
        if self.calls:
            shown["tool_calls"] = [self.calls[index] for index in sorted(self.calls)]
        extras = {"images": self.images, "audio": self.audio, "annotations": self.annotations}
        return shown | {name: value for name, value in extras.items() if value}


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
