"""The headers that tell whether an answer was kept (spec gateway 6.1)."""

from __future__ import annotations

from trunkline.server.http.head import Header
from trunkline.server.usecases.generations import Generation


def told(generation: Generation, now: float) -> tuple[Header, ...]:
    """Return the headers that tell whether an answer was kept; none where nothing is kept for this call."""
    kept, place = generation.progress.replayed, generation.place
    if kept is not None:
        age = min(max(int(now - kept.created), 0), kept.ttl)
        return (
            (b"x-openrouter-cache-status", b"HIT"),
            (b"x-openrouter-cache-age", b"%d" % age),
            (b"x-openrouter-cache-ttl", b"%d" % (kept.ttl - age)),
            (b"x-openrouter-cache-source-id", kept.source_id.encode()),
        )
    if place is not None:
        return (b"x-openrouter-cache-status", b"MISS"), (b"x-openrouter-cache-ttl", b"%d" % place.wish.ttl)
    return ()
