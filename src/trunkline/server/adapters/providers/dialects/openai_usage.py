"""How answers of OpenAI-compatible servers end: with which reason, and what they say that they used."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from trunkline.server.adapters.providers.dialects.dialect import count
from trunkline.server.domain.generation.usage import Usage

Json = dict[str, Any]
_BEFORE: Final = {
    "cache_write_tokens": "cache_write_tokens", "audio_tokens": "audio_tokens", "image_tokens": "image_tokens",
}  # fmt: skip
"""Counts inside `prompt_tokens_details`, and what they are called here."""
_AFTER: Final = {"audio_tokens": "audio_output_tokens", "image_tokens": "image_output_tokens"}
"""The same of `completion_tokens_details`."""
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


class Stated(Struct):
    """The members of a `usage` object that some OpenAI-compatible server states."""

    prompt_tokens: Any = None
    completion_tokens: Any = UNSET
    total_tokens: Any = None
    prompt_tokens_details: Any = None
    completion_tokens_details: Any = None
    prompt_cache_hit_tokens: Any = None
    cached_tokens: Any = None
    server_tool_use: Any = None


def usage(stated: Json) -> Usage:
    """Return usage as OpenAI-compatible servers state it, with what some of them call otherwise."""
    return usage_of(msgspec.convert(stated, Stated))


def usage_of(stated: Stated) -> Usage:
    """Return the same of an object that was read into its members."""
    prompt, completion = count(stated.prompt_tokens), count(stated.completion_tokens)
    before, after = stated.prompt_tokens_details, stated.completion_tokens_details
    more: dict[str, int] = {}
    cached: object = None
    reasoning = 0
    if isinstance(before, dict):
        cached = before.get("cached_tokens")
        more = {_BEFORE[name]: count(value) for name, value in before.items() if value and name in _BEFORE}
    if isinstance(after, dict):
        reasoning = count(after.get("reasoning_tokens"))
        more |= {_AFTER[name]: count(value) for name, value in after.items() if value and name in _AFTER}
    beside = count(stated.total_tokens) - prompt - completion
    if beside > 0 and stated.completion_tokens is not UNSET and reasoning in (0, beside):
        # xAI counts reasoning beside the completion, Gemini's imitation of OpenAI in the total only.
        completion, reasoning = completion + beside, beside
    if cached is None:  # DeepSeek's and Moonshot's names for cache reads
        cached = stated.prompt_cache_hit_tokens
        if cached is None:
            cached = stated.cached_tokens
    if cached:
        more["cached_tokens"] = min(count(cached), prompt)
    if reasoning:
        more["reasoning_tokens"] = min(reasoning, completion)
    if isinstance(searched := stated.server_tool_use, dict):
        more["searches"] = count(searched.get("web_search_requests"))
    if not more:
        return Usage(prompt_tokens=prompt, completion_tokens=completion)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, **more)  # type: ignore[arg-type]  # none is `estimated`
