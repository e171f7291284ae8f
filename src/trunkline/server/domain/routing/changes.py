"""Fields that one endpoint gets otherwise than the caller wrote them (spec gateway 3.1, 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from trunkline.server.domain.generation.request import GenerationRequest

Changes = Mapping[str, "msgspec.Raw | None"]
"""Top-level fields as raw JSON, None for one that is not sent."""
NO_CHANGES: Final[Changes] = MappingProxyType({})
_LIMITS: Final = ("max_tokens", "max_completion_tokens")


def changes(request: GenerationRequest, dropped: frozenset[str], max_tokens: int | None, effort: str | None) -> Changes:
    """Return what changes of a request: parameters to leave out, the most tokens that are allowed, the effort."""
    if not dropped and max_tokens is None and effort is None:
        return NO_CHANGES
    changed: dict[str, msgspec.Raw | None] = {name: None for name in request.fields if name in dropped}
    if max_tokens is not None:
        changed.update((name, _raw(max_tokens)) for name in _LIMITS if request.has(name))
    if effort is not None:
        if request.has("reasoning_effort"):
            changed["reasoning_effort"] = _raw(effort)
        if request.has("reasoning"):
            stated: dict[str, Any] = msgspec.json.decode(request.fields["reasoning"], type=dict)
            kept = {name: value for name, value in stated.items() if name not in {"enabled", "max_tokens"}}
            changed["reasoning"] = _raw({**kept, "effort": effort})
    return changed


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
