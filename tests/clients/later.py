"""The list parameters that came after the documentation, and what a row must say to pass: worked out from the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.live.wire import Site

Row = dict[str, Any]
DAY = 86_400


def _completion(row: Row) -> Decimal:
    price = Decimal(row["pricing"]["completion"])
    return price * 1_000_000 if price >= 0 else Decimal("NaN")


def _index(name: str) -> Callable[[Row], Decimal]:
    def read(row: Row) -> Decimal:
        score = ((row.get("benchmarks") or {}).get("artificial_analysis") or {}).get(name)
        return Decimal("NaN") if score is None else Decimal(str(score))

    return read


def _age(row: Row) -> Decimal:
    return Decimal(int(time.time() - row["created"]) // DAY)


def _never(row: Row) -> Decimal:
    return Decimal("NaN")  # nothing has been measured yet


_READ = {
    "output_price": (_completion, (0.3, 15)),
    "age_days": (_age, (400, 900)),
    "intelligence_index": (_index("intelligence_index"), (68, 71.4)),
    "coding_index": (_index("coding_index"), (0, 63.2)),
    "agentic_index": (_index("agentic_index"), (10, 100)),
    "tool_success_rate": (_never, (0, 0.5)),
}


def cases(site: Site) -> list[tuple[dict[str, Any], list[str]]]:
    """Return what to ask for, every bound by itself and both together, and the ids that must be listed."""
    rows: list[Row] = site.get("/models").json()["data"]
    made = []
    for name, (read, bounds) in _READ.items():
        # Comparing with NaN is an error for decimals: what is unknown passes no bound.
        known = {row["id"]: read(row) for row in rows if not read(row).is_nan()}
        for low in (*bounds, None):
            for high in (*bounds, None):
                asked = {f"min_{name}": low, f"max_{name}": high}
                exact = [Decimal(str(bound)) if bound is not None else None for bound in (low, high)]
                expected = [row["id"] for row in rows if (low is None and high is None) or _within(known, row, *exact)]
                made.append(({key: bound for key, bound in asked.items() if bound is not None}, expected))
    return made


def _within(known: dict[str, Decimal], row: Row, low: Decimal | None, high: Decimal | None) -> bool:
    value = known.get(row["id"])
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


MISTAKES: list[tuple[str, dict[str, Any], int]] = [
    ("models.list", {"sort": "cheapest"}, 400),
    ("models.list", {"category": "gardening"}, 400),
    ("models.list", {"output_modalities": "hologram"}, 400),
    ("models.list", {"input_modalities": "smell"}, 400),
    ("models.list", {"limit": 0}, 400),
    ("models.list", {"limit": 100_000}, 400),
    ("models.list", {"offset": -1}, 400),
    ("models.list", {"context": 0}, 400),
    ("models.list", {"min_price": -1}, 400),
    ("models.list", {"max_price": 1e301}, 400),
    ("models.list", {"max_output_price": -0.5}, 400),
    ("models.list", {"min_tool_success_rate": 2}, 400),
    ("models.list", {"min_age_days": -3}, 400),
    ("models.list", {"region": "mars"}, 400),
    ("models.count", {"output_modalities": "hologram"}, 400),
    ("embeddings.list_models", {"limit": 0}, 400),
    ("models.get", {"author": "acme", "slug": "nothing"}, 404),
    ("models.get", {"author": "open/ai", "slug": "gpt-4"}, 404),
    ("models.get", {"author": "öpenai", "slug": "gpt-4 "}, 404),
    ("models.get", {"author": "..", "slug": ".."}, 404),
    ("endpoints.list", {"author": "acme", "slug": "nothing"}, 404),
    ("endpoints.list", {"author": "openai", "slug": "gpt-4:free"}, 404),
]
"""What a caller can get wrong through a typed client, and the status of the answer: never one that is retried."""
ERRORS = {400: "BadRequestResponseError", 404: "NotFoundResponseError"}
