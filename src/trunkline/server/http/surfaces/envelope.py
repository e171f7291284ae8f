"""What every body and chunk of one completion has in common."""

from __future__ import annotations

from typing import Any

from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.generation.request import Surface
from trunkline.server.http.surfaces import shapes
from trunkline.server.usecases.generations import Generation


def head(generation: Generation, *, chunked: bool) -> dict[str, Any]:
    """Return the members that a completion, or each of its chunks, begins with (spec gateway 2.1, 2.3)."""
    request, (model, provider) = generation.progress.request, generation.served
    kind = "chat.completion.chunk" if chunked else "chat.completion"
    return {
        "id": generation.id,
        "object": "text_completion" if request.surface is Surface.COMPLETIONS else kind,
        "created": int(generation.progress.created),
        "model": model,
        "provider": provider,
    }


def charge(record: GenerationRecord) -> shapes.Charge:
    """Return what a record says of money."""
    return shapes.Charge(record.charged, record.prompt_cost, record.completion_cost, record.is_byok)
