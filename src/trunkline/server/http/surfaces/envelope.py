"""What every body and chunk of one completion has in common."""

from __future__ import annotations

from typing import Any

from trunkline.server.domain.generation.request import COMPLETIONS
from trunkline.server.usecases.generations import Generation


def head(generation: Generation) -> dict[str, Any]:
    """Return the members that each chunk of a completion begins with (spec gateway 2.3)."""
    model, provider = generation.served
    return {
        "id": generation.id,
        "object": object_of(generation, chunked=True),
        "created": int(generation.progress.created),
        "model": model,
        "provider": provider,
    }


def object_of(generation: Generation, *, chunked: bool) -> str:
    """Return the `object` of a completion, or of its chunks."""
    if generation.progress.request.surface is COMPLETIONS:
        return "text_completion"
    return "chat.completion.chunk" if chunked else "chat.completion"
