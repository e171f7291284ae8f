"""How much a Gemini model is to think: a budget of tokens up to 2.5, a level from 3 on.

Sources: ai.google.dev/gemini-api/docs/thinking (ranges and levels), /gemini-api/docs/openai (effort as budget); what
refuses to think as Pydantic AI's profiles of Google's models have it, tried against the API in October 2026.
"""

from __future__ import annotations

import re
from typing import Any, Final

from trunkline.server.adapters.providers.dialects.fields import Fields

Json = dict[str, Any]

BUDGETS: Final = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 32768}
LEVELS: Final = {
    "none": "MINIMAL", "minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM",
    "high": "HIGH", "xhigh": "HIGH", "max": "HIGH",
}  # fmt: skip
SCALE: Final = ("MINIMAL", "LOW", "MEDIUM", "HIGH")
"""Least first."""
ABOVE_MINIMAL: Final = ("LOW", "MEDIUM", "HIGH")
LEVELS_OF: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("gemini-3.1-flash-lite-image", ("MINIMAL", "HIGH")),
    ("gemini-3-pro-preview", ("LOW", "HIGH")),
    ("gemini-3.7-flash", ABOVE_MINIMAL),
    ("gemini-3.8-flash", ABOVE_MINIMAL),
    ("gemini-4-argon", ABOVE_MINIMAL),
    ("gemini-4-carbon", ABOVE_MINIMAL),
    ("pro", ABOVE_MINIMAL),
)
"""Levels that models take, by a part of their names, the first row that fits; all others take the whole scale."""
UNTHINKING: Final = ("gemini-1", "gemini-2.0", "gemini-2.5-flash-image", "gemma")
"""Parts of the names of models that refuse every word about thinking."""
RANGES: Final = (
    ("flash-lite", 512, 24576, True),
    ("flash", 1, 24576, True),
    ("pro", 128, 32768, False),
)
"""Of models with budgets, by a part of their names: least, most, and whether they can do without."""
_VERSION: Final = re.compile(r"(?:gemini|robotics-er)-(\d+)(?:\.(\d+))?")
_BY_LEVEL: Final = (3, 0)


def version(model: str) -> tuple[int, int] | None:
    """Return the version in a model's name, None where there is none."""
    found = _VERSION.search(model)
    return None if found is None else (int(found[1]), int(found[2] or 0))


def takes_levels(model: str) -> bool:
    """Tell whether a model takes levels, and wants its calls of functions signed; names without a version are new."""
    return (version(model) or _BY_LEVEL) >= _BY_LEVEL


def config(fields: Fields, model: str, *, declared: bool, hidden: bool) -> Json:
    """Return `thinkingConfig`, empty where nothing is to be said.

    `declared`: the endpoint says that it reasons, so that its thoughts can be asked for even where the request
    is silent. `hidden`: the caller does not want to see them.
    """
    if any(name in model for name in UNTHINKING):
        return {}
    stated = fields.parameter("reasoning", "reasoning_effort", "include_reasoning")
    reasoning: Json = stated if isinstance(stated, dict) else {}
    effort = reasoning.get("effort") or fields.parameter("reasoning_effort", "reasoning")
    if reasoning.get("enabled") is False:
        effort = "none"
    elif effort is None and reasoning.get("enabled") is True:
        effort = "medium"
    asked = reasoning.get("max_tokens")
    made: Json = {}
    if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0:
        made["thinkingBudget"] = asked if takes_levels(model) else _bounded(asked, model)
    elif isinstance(effort, str) and effort in LEVELS:
        made |= _as_level(effort, model) if takes_levels(model) else _as_budget(effort, model)
    wanted = declared or stated is not None or effort is not None or fields.get("include_reasoning") is True
    if wanted and not hidden and effort != "none":
        made["includeThoughts"] = True
    return made


def _as_level(effort: str, model: str) -> Json:
    able = next((levels for name, levels in LEVELS_OF if name in model), SCALE)
    wanted = SCALE.index(LEVELS[effort])
    # The nearest, and of two the lesser.
    return {"thinkingLevel": min(able, key=lambda level: (abs(SCALE.index(level) - wanted), SCALE.index(level)))}


def _as_budget(effort: str, model: str) -> Json:
    return {"thinkingBudget": _bounded(BUDGETS[effort], model)}


def _bounded(budget: int, model: str) -> int:
    for name, least, most, optional in RANGES:
        if name in model:
            return 0 if budget == 0 and optional else min(max(budget, least), most)
    return budget
