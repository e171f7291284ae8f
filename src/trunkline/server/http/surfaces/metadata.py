"""`openrouter_metadata`: how a request was routed, for callers that ask for it (spec gateway 6.2)."""

from __future__ import annotations

from typing import Any

import msgspec

from trunkline.server.http.surfaces.pipeline import stages
from trunkline.server.usecases.generations import Generation


def metadata(generation: Generation) -> dict[str, Any]:
    """Return the object of a call as it stands: `attempt` is the winner's number, 0 where nothing was attempted."""
    plan, chosen = generation.plan, generation.candidate
    attempts = generation.progress.attempts
    number = len(generation.outcomes) + (1 if chosen is not None else 0)
    shown: dict[str, Any] = {
        "requested": plan.requested[0],
        "strategy": plan.strategy.value,
        "region": generation.progress.region,
        "summary": _summary(generation),
        "attempt": number,
        "is_byok": chosen is not None and chosen.credential is not None,
        "endpoints": {
            "total": plan.total,
            "available": [
                {
                    "provider": candidate.target.provider_name,
                    "model": candidate.model,
                    "selected": chosen is not None and candidate.offer == chosen.offer,
                }
                for candidate in plan.candidates
            ],
        },
    }
    if attempts:
        shown["attempts"] = [
            {"provider": attempt.provider_name, "model": attempt.model, "status": attempt.status}
            for attempt in attempts
        ]
    if generation.progress.findings:
        shown["pipeline"] = stages(generation.progress.findings)
    if (shortened := _shortened(generation)) is not None:
        shown.setdefault("pipeline", []).append(shortened)
    return shown


def _shortened(generation: Generation) -> dict[str, Any] | None:
    """Return the stage in which the messages became fewer or shorter, None where they have not."""
    chosen = generation.candidate
    sent = None if chosen is None else chosen.changes.get("messages")
    if sent is None:
        return None
    asked, left = (len(msgspec.json.decode(raw)) for raw in (generation.progress.request.fields["messages"], sent))
    return {
        "type": "context_compression",
        "name": "context-compression",
        "summary": f"{left} of {asked} messages were sent" if left < asked else "A message lost its middle",
        "data": {"engine": "middle-out", "messages": asked, "messages_sent": left},
    }


def _summary(generation: Generation) -> str:
    count = len(generation.plan.candidates)
    if generation.candidate is None:
        return f"{count} endpoints available, none served the request"
    return f"{generation.candidate.target.provider_name} served the request, one of {count} endpoints available"
