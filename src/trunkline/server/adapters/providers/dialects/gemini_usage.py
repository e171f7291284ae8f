"""Gemini's `usageMetadata` in the OpenAI convention.

Source: ai.google.dev/api/generate-content#UsageMetadata: the total is the sum of prompt, prompts of tools, candidates
and thoughts; what came from a cache is part of the prompt.
"""

from __future__ import annotations

from typing import Any

from trunkline.server.adapters.providers.dialects.dialect import count
from trunkline.server.domain.generation.usage import Usage

Json = dict[str, Any]


def usage(stated: Json, searches: int = 0) -> Usage:
    """Return the counts of an answer that made so many searches."""
    prompt = count(stated.get("promptTokenCount")) + count(stated.get("toolUsePromptTokenCount"))
    thoughts = count(stated.get("thoughtsTokenCount"))
    completion = count(stated.get("candidatesTokenCount")) + thoughts
    given, cached = stated.get("promptTokensDetails"), stated.get("cacheTokensDetails")
    made = stated.get("candidatesTokensDetails")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=min(count(stated.get("cachedContentTokenCount")), prompt),
        audio_tokens=_of("AUDIO", given),
        cached_audio_tokens=_of("AUDIO", cached),
        image_tokens=_of("IMAGE", given),
        reasoning_tokens=thoughts,
        audio_output_tokens=_of("AUDIO", made),
        image_output_tokens=_of("IMAGE", made),
        searches=searches,
    )


def _of(modality: str, details: object) -> int:
    rows = details if isinstance(details, list) else ()
    return sum(
        count(row.get("tokenCount")) for row in rows if isinstance(row, dict) and row.get("modality") == modality
    )
