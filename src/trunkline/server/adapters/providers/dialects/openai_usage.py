"""How answers of OpenAI-compatible servers end: with which reason, and what they say that they used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trunkline.server.adapters.providers.dialects.dialect import count
from trunkline.server.domain.generation.usage import Usage

Json = dict[str, Any]
_NOTHING: Final[Mapping[str, Any]] = {}
REASONS: Final = {
    "stop": "stop", "end_turn": "stop", "stop_sequence": "stop", "eos": "stop", "eos_token": "stop", "complete": "stop",
    "length": "length", "max_tokens": "length", "model_length": "length",
    "tool_calls": "tool_calls", "function_call": "tool_calls", "tool_use": "tool_calls",
    "content_filter": "content_filter", "safety": "content_filter", "sensitive": "content_filter",
    "refusal": "content_filter",
    "error": "error", "abort": "error", "network_error": "error", "insufficient_system_resource": "error",
}  # fmt: skip
"""Canonical finish reasons; a word that is not here means that the answer ended by itself."""


def finish_reason(native: str) -> str:
    """Return the canonical reason for an upstream's word."""
    return REASONS.get(native.lower(), "stop")


def usage(stated: Json) -> Usage:
    """Return usage as OpenAI-compatible servers state it, with what some of them call otherwise."""
    prompt, completion = count(stated.get("prompt_tokens")), count(stated.get("completion_tokens"))
    before, after = stated.get("prompt_tokens_details"), stated.get("completion_tokens_details")
    before = before if isinstance(before, dict) else _NOTHING
    after = after if isinstance(after, dict) else _NOTHING
    reasoning = count(after.get("reasoning_tokens"))
    beside = count(stated.get("total_tokens")) - prompt - completion
    if beside > 0 and "completion_tokens" in stated and reasoning in (0, beside):
        # xAI counts reasoning beside the completion, Gemini's imitation of OpenAI in the total only.
        completion, reasoning = completion + beside, beside
    cached = before.get("cached_tokens")
    if cached is None:  # DeepSeek's and Moonshot's names for cache reads
        cached = stated.get("prompt_cache_hit_tokens")
        if cached is None:
            cached = stated.get("cached_tokens")
    searched = stated.get("server_tool_use")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=min(count(cached), prompt),
        cache_write_tokens=count(before.get("cache_write_tokens")),
        audio_tokens=count(before.get("audio_tokens")),
        image_tokens=count(before.get("image_tokens")),
        reasoning_tokens=min(reasoning, completion),
        audio_output_tokens=count(after.get("audio_tokens")),
        image_output_tokens=count(after.get("image_tokens")),
        searches=count(searched.get("web_search_requests")) if isinstance(searched, dict) else 0,
    )
