"""What `plugins` and the older `transforms` of a request ask for (spec gateway 1.2, 3.9, 6.4)."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.errors import BadRequest, Issue

COMPRESSION: Final = "context-compression"
MIDDLE_OUT: Final = "middle-out"
KNOWN: Final = (
    "auto-router", "auto-beta-router", COMPRESSION, "file-parser", "fusion", "moderation", "pareto-router",
    "response-healing", "web", "web-fetch",
)  # fmt: skip
"""The documented ids."""
_IGNORED: Final = frozenset({"alignment", "armor", "jev-router", "switchyard-router"})
"""Ids that the official client knows and nobody documents."""


_T = TypeVar("_T")


class _Plugin(Struct):
    id: str
    enabled: bool | None = None


def compression(request: GenerationRequest) -> bool | None:
    """Tell whether a prompt that is too long may be shortened, None where the request does not say.

    A plugin wins over `transforms`. Raises `BadRequest` for an unknown plugin or transform.
    """
    asked: bool | None = None
    if request.has("transforms"):
        transforms = _read(request, "transforms", list[str])
        for position, name in enumerate(transforms):
            if name != MIDDLE_OUT:
                raise BadRequest(issues=[Issue(f"transforms[{position}]", f"expected {MIDDLE_OUT}")])
        asked = bool(transforms)
    if request.has("plugins"):
        for position, plugin in enumerate(_read(request, "plugins", list[_Plugin])):
            if plugin.id == COMPRESSION:
                asked = plugin.enabled is not False
            elif plugin.id not in KNOWN and plugin.id not in _IGNORED:
                raise BadRequest(issues=[Issue(f"plugins[{position}].id", f"expected one of {', '.join(KNOWN)}")])
    return asked


def _read(request: GenerationRequest, name: str, of: type[_T]) -> _T:
    try:
        return msgspec.json.decode(request.fields[name], type=of)
    except msgspec.MsgspecError as error:
        raise BadRequest(issues=[Issue(name, str(error).partition(" - at ")[0])]) from None
