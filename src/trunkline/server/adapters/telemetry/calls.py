"""One log line for each call that has ended: who served it, what came of it, what it cost; never what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from trunkline.server.adapters.telemetry.lines import Lines
from trunkline.server.domain.generation.fault import STATUS
from trunkline.server.domain.generation.record import FilterRecord, GenerationRecord

CLIENT_LEFT: Final = 499
_STATUS: Final = {kind.value: status for kind, status in STATUS.items()}
_encoded: Final = msgspec.json.Encoder().encode


class Tried(Struct):
    """An attempt, as a line tells of it."""

    provider: str
    status: int


class Match(Struct):
    """What a content filter has found, as a line tells of it."""

    guardrail: str
    label: str
    action: str
    count: int


class Line(Struct, kw_only=True, omit_defaults=True, tag_field="event", tag="call"):
    """A line: `cost` in USD, times in ms, `status` that of a whole answer that ends so.

    `requested` is left out where it is what served.
    """

    generation_id: str
    account_id: str
    key_hash: str
    model: str = ""
    requested: str | None = None
    endpoint: str = ""
    provider: str = ""
    status: int
    error_type: str | None = None
    finish_reason: str | None = None
    streamed: bool
    cancelled: bool
    attempts: list[Tried]
    prompt_tokens: int
    completion_tokens: int
    cost: str
    ms: float
    first_token_ms: float | None = None
    filtered: list[Match] = []
    cache_source_id: str | None = None
    level: str
    timestamp: datetime


class CallLog:
    """Writes the lines; what they hold is worked out by the thread that writes."""

    def __init__(self, lines: Lines, clock: Callable[[], float]) -> None:
        self._lines = lines
        self._clock = clock

    def tell(self, record: GenerationRecord) -> None:
        """Write the line of a call that has just ended."""
        now = self._clock()
        self._lines.put(lambda: text(record, now))


def text(record: GenerationRecord, at: float) -> str:
    """Return the line of a call that ended at a Unix time."""
    attempts, used = record.attempts, record.usage
    line = Line(
        generation_id=record.id,
        account_id=record.account_id,
        key_hash=record.key_hash,
        model=record.model,
        requested=record.requested if record.requested != record.model else None,
        endpoint=record.endpoint,
        provider=record.provider,
        status=_status(record),
        error_type=record.error_type,
        finish_reason=record.finish_reason,
        streamed=record.streamed,
        cancelled=record.cancelled,
        attempts=[Tried(each.provider, each.status) for each in attempts],
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cost=format(record.charged, "f"),
        ms=record.latency_ms,
        first_token_ms=attempts[-1].first_token_ms if attempts else None,
        filtered=[_match(each) for each in record.filtered],
        cache_source_id=record.cache_source_id,
        level="info",
        timestamp=datetime.fromtimestamp(at, UTC),
    )
    return _encoded(line).decode()


def _match(found: FilterRecord) -> Match:
    return Match(found.guardrail_id, found.label, found.action, found.count)


def _status(record: GenerationRecord) -> int:
    if record.error_type is not None:
        return _STATUS.get(record.error_type, 500)
    return CLIENT_LEFT if record.cancelled else 200
