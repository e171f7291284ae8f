"""One log line for each call that has ended: who served it, what came of it, what it cost; never what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trunkline.server.adapters.telemetry import logs
from trunkline.server.adapters.telemetry.lines import Lines
from trunkline.server.domain.generation.fault import STATUS
from trunkline.server.domain.generation.record import FilterRecord, GenerationRecord

CLIENT_LEFT: Final = 499
_STATUS: Final = {kind.value: status for kind, status in STATUS.items()}


class CallLog:
    """Writes the lines; what they hold is worked out by the thread that writes."""

    def __init__(self, lines: Lines, clock: Callable[[], float]) -> None:
        self._lines = lines
        self._clock = clock

    def tell(self, record: GenerationRecord) -> None:
        """Write the line of a call that has just ended."""
        now = self._clock()
        self._lines.put(lambda: logs.text("call", "info", now, fields(record)))


def fields(record: GenerationRecord) -> dict[str, Any]:
    """Return what is told of a call: `cost` in USD, times in ms, `status` that of a whole answer that ends so.

    `requested` is left out where it is what served.
    """
    attempts = record.attempts
    first = attempts[-1].first_token_ms if attempts else None
    told: dict[str, Any] = {
        "generation_id": record.id,
        "account_id": record.account_id,
        "key_hash": record.key_hash,
        "model": record.model or None,
        "requested": record.requested if record.requested != record.model else None,
        "endpoint": record.endpoint or None,
        "provider": record.provider or None,
        "status": _status(record),
        "error_type": record.error_type,
        "finish_reason": record.finish_reason,
        "streamed": record.streamed,
        "cancelled": record.cancelled,
        "attempts": [{"provider": each.provider, "status": each.status} for each in attempts],
        "prompt_tokens": record.usage.prompt_tokens,
        "completion_tokens": record.usage.completion_tokens,
        "cost": format(record.charged, "f"),
        "ms": record.latency_ms,
        "first_token_ms": first,
        "filtered": [_filtered(each) for each in record.filtered] or None,
        "cache_source_id": record.cache_source_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def _filtered(found: FilterRecord) -> dict[str, Any]:
    return {"guardrail": found.guardrail_id, "label": found.label, "action": found.action, "count": found.count}


def _status(record: GenerationRecord) -> int:
    if record.error_type is not None:
        return _STATUS.get(record.error_type, 500)
    return CLIENT_LEFT if record.cancelled else 200
