"""Records of generations for tests: they say no more than they are given."""

from __future__ import annotations

from itertools import count
from typing import Any

from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord

NOW = 1_787_400_000.0
"""2026-08-22T12:00Z, a Saturday."""
_numbers = count()


def attempt(**fields: Any) -> AttemptRecord:
    """Return an attempt, a success unless told otherwise."""
    told = {"endpoint": "m a 0", "model": "m", "provider": "a", "provider_name": "A"}
    return AttemptRecord(**(told | {"status": 200, "latency_ms": 10.0, "ok": True} | fields))


def record(**fields: Any) -> GenerationRecord:
    """Return a generation of a new id."""
    told = {"id": f"gen-{next(_numbers)}", "created": NOW, "account_id": "account", "key_hash": "key"}
    return GenerationRecord(**(told | fields))
