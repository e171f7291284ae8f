"""What a batch of generations adds up to: by day for people, by span of time for routing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, Final

from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.cost import pico
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.routing.windows import Seen, ended

Values = dict[str, Any]
SMALLEST_CONTEXT: Final = 3
LARGEST_CONTEXT: Final = 7
_MOST: Final = 10**15
"""More tokens or 10^-9 USD than any call has: what an upstream claims beyond that must not break the sums."""


def by_day(records: Iterable[GenerationRecord], app_ids: dict[str, int]) -> list[Values]:
    """Return rows for the table of usage by day; `app_ids` are the apps' numbers by origin.

    Calls that nobody served are not in it: they used no model.
    """
    rows: dict[tuple[Any, ...], Values] = {}
    for record in records:
        if not record.endpoint:
            continue
        keys = {
            "day": int(record.created) // DAY,
            "account_id": record.account_id,
            "key_hash": record.key_hash,
            "workspace_id": record.workspace_id or "",
            "user_id": record.user_id or "",
            "model": record.model,
            "permaslug": record.permaslug,
            "endpoint": record.endpoint,
            "provider_name": record.provider_name,
            "app_id": app_ids.get(record.referer or "", 0),
            "context": context(record.usage.prompt_tokens),
            "tools": int(any(attempt.ok and attempt.tool_calls for attempt in record.attempts)),
            "shown": int(not record.private and not record.zdr),
        }
        sums = {
            "usage_pico": pico(record.charged),
            "byok_pico": pico(record.prompt_cost + record.completion_cost) if record.is_byok else 0,
            "requests": 1,
            "prompt_tokens": _bounded(record.usage.prompt_tokens),
            "completion_tokens": _bounded(record.usage.completion_tokens),
            "reasoning_tokens": _bounded(record.usage.reasoning_tokens),
            "cached_tokens": _bounded(record.usage.cached_tokens),
        }
        row = rows.setdefault(tuple(keys.values()), keys | dict.fromkeys(sums, 0))
        for name, amount in sums.items():
            row[name] += amount
    return list(rows.values())


def context(prompt_tokens: int) -> int:
    """Return the power of ten that a prompt's tokens fit in, from 1K to 10M."""
    return max(SMALLEST_CONTEXT, min(len(str(max(prompt_tokens, 1) - 1)), LARGEST_CONTEXT))


def by_endpoint(
    records: Iterable[GenerationRecord], now: float, chance: Callable[[], float] = random.random
) -> dict[str, Seen]:
    """Return what the attempts of generations have taught, by endpoint; own keys teach nothing about shared ones."""
    found: dict[str, Seen] = {}
    for record in records:
        if not record.is_byok:
            for attempt in record.attempts:
                found.setdefault(attempt.endpoint, Seen()).add(attempt, ended(attempt, now), chance)
    return found


def _bounded(count: int) -> int:
    return min(max(count, 0), _MOST)
