"""One log line for each call that has ended: who served it, what came of it, what it cost; never what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

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


class Line(Struct, tag_field="event", tag="call"):
    """A line: `cost` in USD, times in ms, `status` that of a whole answer that ends so; what is unset is left out.

    `requested` is left out where it is what served.
    """

    generation_id: str
    account_id: str
    key_hash: str
    model: str | UnsetType
    requested: str | UnsetType
    endpoint: str | UnsetType
    provider: str | UnsetType
    status: int
    error_type: str | UnsetType
    finish_reason: str | UnsetType
    streamed: bool
    cancelled: bool
    attempts: list[Tried]
    prompt_tokens: int
    completion_tokens: int
    cost: str
    ms: float
    first_token_ms: float | UnsetType
    filtered: list[Match] | UnsetType
    cache_source_id: str | UnsetType
    level: str
    timestamp: datetime


class CallLog:
    """Writes the lines; what they hold is worked out by the thread that writes."""

    def __init__(self, lines: Lines, clock: Callable[[], float]) -> None:
        self._lines = lines
        self._clock = clock

    def tell(self, records: Iterable[GenerationRecord]) -> None:
        """Write the lines of calls that have just ended."""
        at, put = datetime.fromtimestamp(self._clock(), UTC), self._lines.put
        for record in records:
            put(partial(text, record, at))


def text(record: GenerationRecord, at: datetime) -> bytes:
    """Return the line of a call that ended at a time."""
    attempts, used = record.attempts, record.usage
    first = attempts[-1].first_token_ms if attempts else None
    line = Line(  # in the order of its fields, as records are made
        record.id,
        record.account_id,
        record.key_hash,
        record.model or UNSET,
        record.requested if record.requested != record.model else UNSET,
        record.endpoint or UNSET,
        record.provider or UNSET,
        _status(record),
        record.error_type or UNSET,
        record.finish_reason or UNSET,
        record.streamed,
        record.cancelled,
        [Tried(each.provider, each.status) for each in attempts],
        used.prompt_tokens,
        used.completion_tokens,
        format(record.charged, "f"),
        record.latency_ms,
        UNSET if first is None else first,
        [_match(each) for each in record.filtered] if record.filtered else UNSET,
        record.cache_source_id or UNSET,
        "info",
        at,
    )
    return _encoded(line)


def _match(found: FilterRecord) -> Match:
    return Match(found.guardrail_id, found.label, found.action, found.count)


def _status(record: GenerationRecord) -> int:
    if record.error_type is not None:
        return _STATUS.get(record.error_type, 500)
    return CLIENT_LEFT if record.cancelled else 200
