"""What a batch of generations adds up to: by day for people, by span of time for routing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, Final

from trunkline.server.adapters.store.traffic_tables import USAGE
from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.cost import pico
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.routing.windows import Seen, ended

Values = dict[str, Any]
SMALLEST_CONTEXT: Final = 3
LARGEST_CONTEXT: Final = 7
_COLUMNS: Final = tuple(USAGE.columns.keys())
_MOST: Final = 10**15
"""More tokens or 10^-9 USD than any call has: what an upstream claims beyond that must not break the sums."""


def by_day(records: Iterable[GenerationRecord], app_ids: dict[str, int]) -> list[Values]:
    """Return rows for the table of usage by day; `app_ids` are the apps' numbers by origin.

    Calls that nobody served are not in it: they used no model.
    """
    rows: dict[tuple[Any, ...], list[int]] = {}
    for record in records:
        if not record.endpoint:
            continue
        used = record.usage
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
            app_ids.get(record.referer or "", 0),
            context(used.prompt_tokens),
            int(any(attempt.tool_calls and attempt.ok for attempt in record.attempts)),
            int(not record.private and not record.zdr),
        )
        sums = (
            pico(record.charged),
            pico(record.prompt_cost + record.completion_cost) if record.is_byok else 0,
            1,
            *map(_bounded, (used.prompt_tokens, used.completion_tokens, used.reasoning_tokens, used.cached_tokens)),
        )
        row = rows.setdefault(key, [0] * len(sums))
        for place, amount in enumerate(sums):
            row[place] += amount
    return [dict(zip(_COLUMNS, (*key, *row), strict=True)) for key, row in rows.items()]


def context(prompt_tokens: int) -> int:
    """Return the power of ten that a prompt's tokens fit in, from 1K to 10M."""
    return max(SMALLEST_CONTEXT, min(len(str(max(prompt_tokens, 1) - 1)), LARGEST_CONTEXT))


def by_endpoint(
    records: Iterable[GenerationRecord], now: float, chance: Callable[[], float] = random.random
) -> dict[str, Seen]:
    """Return what the attempts of generations have taught, by endpoint; own keys teach nothing about shared ones."""
    found: dict[str, Seen] = {}
    for record in records:
        for attempt in record.attempts:
            if not attempt.is_byok:
                found.setdefault(attempt.endpoint, Seen()).add(attempt, ended(attempt, now), chance)
    return found


def _bounded(count: int) -> int:
    return min(max(count, 0), _MOST)
