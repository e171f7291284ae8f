"""What a batch of generations adds up to: by day for people, by span of time for routing."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from trunkline.server.adapters.store.traffic_tables import USAGE
from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.charge import Charge
from trunkline.server.domain.routing.windows import Seen, ended, plain

Values = dict[str, Any]
SMALLEST_CONTEXT: Final = 3
LARGEST_CONTEXT: Final = 7
_SIZES: Final = [10**power for power in range(SMALLEST_CONTEXT, LARGEST_CONTEXT)]
_COLUMNS: Final = tuple(USAGE.columns.keys())
_MOST: Final = 10**15
"""More tokens or 10^-9 USD than any call has: what an upstream claims beyond that must not break the sums."""


def by_day(records: Sequence[GenerationRecord], charges: Sequence[Charge], app_ids: Mapping[str, int]) -> list[Values]:
    """Return rows for the table of usage by day; `charges` are the records', `app_ids` the apps' numbers by origin.

    Calls that nobody served are not in it: they used no model.
    """
    rows: dict[tuple[Any, ...], list[int]] = {}
    for record, charge in zip(records, charges, strict=True):
        if not record.endpoint:
            continue
        used, tools = record.usage, 0
        for attempt in record.attempts:
            if attempt.tool_calls and attempt.ok:
                tools = 1
        key = (
            int(record.created) // DAY,
            record.account_id,
            record.key_hash,
            record.workspace_id or "",
            record.user_id or "",
            record.model,
            record.permaslug,
            record.endpoint,
            record.provider_name,
            app_ids.get(record.referer, 0) if record.referer else 0,
            context(used.prompt_tokens),
            tools,
            0 if record.private or record.zdr else 1,
        )
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0] * 7
        row[0] += charge.usage
        row[1] += charge.byok
        row[2] += 1
        row[3] += _bounded(used.prompt_tokens)
        row[4] += _bounded(used.completion_tokens)
        if used.reasoning_tokens or used.cached_tokens:
            row[5] += _bounded(used.reasoning_tokens)
            row[6] += _bounded(used.cached_tokens)
    return [dict(zip(_COLUMNS, (*key, *row), strict=True)) for key, row in rows.items()]


def context(prompt_tokens: int) -> int:
    """Return the power of ten that a prompt's tokens fit in, from 1K to 10M."""
    return SMALLEST_CONTEXT + bisect_left(_SIZES, prompt_tokens)


def by_endpoint(
    records: Iterable[GenerationRecord], now: float, chance: Callable[[], float] = random.random
) -> dict[str, Seen]:
    """Return what the attempts of generations have taught, by endpoint; own keys teach nothing about shared ones."""
    found: defaultdict[str, Seen] = defaultdict(Seen)
    shared = [attempt for record in records for attempt in record.attempts if not attempt.is_byok]
    counts, others = plain(shared, now)
    for (endpoint, second), count in counts.items():
        found[endpoint].serve(count, second)
    for attempt in others:
        found[attempt.endpoint].add(attempt, ended(attempt, now), chance)
    return found


def _bounded(count: int) -> int:
    return count if 0 <= count <= _MOST else _MOST if count > 0 else 0
