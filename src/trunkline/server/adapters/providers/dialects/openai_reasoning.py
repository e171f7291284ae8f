"""Says how much is to be thought in the words that an OpenAI-compatible provider takes (its `Quirk` tells which)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE
from trunkline.server.adapters.providers.quirks import Quirk, Thinking

Fields = dict[str, bytes]
Json = dict[str, Any]

OFF: Final = "none"
_OBJECT: Final = "reasoning"
_EFFORT: Final = "reasoning_effort"
_SHOWN: Final = "include_reasoning"


def translate(body: Fields, quirk: Quirk) -> None:
    """Replace what a provider does not take of `reasoning`, `reasoning_effort` and `include_reasoning`."""
    if quirk.thinking is not None:
        _switch(body, quirk.thinking)
    elif quirk.effort:
        body.pop(_SHOWN, None)
        effort = _asked(_decoded(body.pop(_OBJECT, None)), None)
        if effort is not None:
            body.setdefault(_EFFORT, msgspec.json.encode(effort))


def _switch(body: Fields, words: Thinking) -> None:
    body.pop(_SHOWN, None)
    stated, short = _decoded(body.pop(_OBJECT, None)), _decoded(body.pop(_EFFORT, None))
    effort = _asked(stated, short)
    tokens = stated.get("max_tokens") if isinstance(stated, dict) else None
    budget = tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens > 0 else None
    if effort is None and budget is None:
        return
    body.setdefault(words.switch, b"false" if effort == OFF else b"true")
    if words.budget is not None and budget is not None and effort != OFF:
        bounded = min(max(budget, words.least), words.most)
        body.setdefault(words.budget, msgspec.json.encode(bounded))


def _asked(stated: object, short: object) -> str | None:
    """Return the effort that is asked for, None where nothing is."""
    reasoning: Json = stated if isinstance(stated, dict) else {}
    if isinstance(reasoning.get("effort"), str):
        return str(reasoning["effort"])
    if reasoning.get("enabled") is False:
        return OFF
    if isinstance(short, str):
        return short
    return "medium" if reasoning.get("enabled") is True else None


def _decoded(value: bytes | None) -> object:
    try:
        return None if value is None else msgspec.json.decode(value)
    except UNREADABLE:
        return None
