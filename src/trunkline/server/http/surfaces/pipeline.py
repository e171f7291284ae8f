"""The stages of `openrouter_metadata.pipeline`: what was done to a request before it was routed (spec gateway 6.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from trunkline.server.domain.content.filters import BLOCK, FLAG, REDACT
from trunkline.server.domain.content.inspection import Finding

_DONE: Final = {BLOCK: "blocked", REDACT: "redacted", FLAG: "flagged"}


def stages(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return a stage for each guardrail, action and kind of filter that has found something."""
    grouped: dict[tuple[str, str, bool], list[Finding]] = {}
    for found in findings:
        by = found.filter
        grouped.setdefault((by.guardrail_id, by.action, by.tells), []).append(found)
    return [(_injection if tells else _content)(group) for (_, _, tells), group in grouped.items()]


def _injection(group: list[Finding]) -> dict[str, Any]:
    patterns = [pattern for found in group for pattern in found.told]
    matched = f"{len(patterns)} pattern{'s' if len(patterns) > 1 else ''} matched"
    return _stage(
        "regex_pi_detection",
        f"prompt injection detected ({matched})",
        group,
        {"detected": True, "engines": ["regex"], "patterns": patterns},
    )


def _content(group: list[Finding]) -> dict[str, Any]:
    labels = list(dict.fromkeys(found.filter.label.strip("[]") for found in group))
    return _stage(
        "content-filter",
        f"content filter matched ({', '.join(labels)})",
        group,
        {"flagged": True, "engines": ["regex"], "matched_entity_types": labels},
    )


def _stage(name: str, said: str, group: list[Finding], data: dict[str, Any]) -> dict[str, Any]:
    by = group[0].filter
    done = _DONE[by.action]
    return {
        "type": "guardrail",
        "name": name,
        "summary": f"{done.capitalize()}: {said}",
        "guardrail_id": by.guardrail_id,
        "guardrail_scope": by.scope,
        "data": {"action": done, **data},
    }
