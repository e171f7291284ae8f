"""The twelve orders of the model list, a row each (spec 3.1).

Rows without a value for the chosen order come last in either direction; ties keep catalogue order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context
from typing import Any

from trunkline.server.domain.catalog.index import Facets

_EXACT = Context(prec=100)  # wider than any two prices that rows may state


@dataclass(frozen=True, slots=True)
class Sort:
    """One value of `sort`: the key of a row (None: missing) and its direction."""

    name: str
    key: Callable[[Facets], Any]
    descending: bool
    meaning: str
    measured: bool = False
    """Whether it is traffic that decides, which goes on while the catalogue stays as it is."""


def _price(row: Facets) -> Any:
    if row.prompt is None or row.completion is None:
        return None
    # The sum stands in the same order as the mean, and is exact.
    return (_EXACT.add(row.prompt, row.completion), row.request, row.web_search)


SORTS: dict[str, Sort] = {
    sort.name: sort
    for sort in (
        Sort("pricing-low-to-high", _price, False, "Cheapest mean of prompt and completion price first."),
        Sort("pricing-high-to-low", _price, True, "Dearest mean of prompt and completion price first."),
        Sort("context-high-to-low", lambda row: row.context_length, True, "Longest context first."),
        Sort(
            "throughput-high-to-low",
            lambda row: row.measured.throughput_p50,
            True,
            "Most tokens per second first (recent median of the best endpoint).",
            measured=True,
        ),
        Sort(
            "latency-low-to-high",
            lambda row: row.measured.latency_p50,
            False,
            "Shortest time to the first token first (recent median of the best endpoint).",
            measured=True,
        ),
        Sort(
            "most-popular",
            lambda row: row.measured.tokens_7d,
            True,
            "Most tokens of the last seven days first.",
            measured=True,
        ),
        Sort("top-weekly", lambda row: row.measured.tokens_7d, True, "The same as `most-popular`.", measured=True),
        Sort("newest", lambda row: row.created, True, "Newest first."),
        Sort(
            "intelligence-high-to-low",
            lambda row: row.intelligence_index,
            True,
            "Highest Artificial Analysis intelligence index first.",
        ),
        Sort("coding-high-to-low", lambda row: row.coding_index, True, "Highest coding index first."),
        Sort("agentic-high-to-low", lambda row: row.agentic_index, True, "Highest agentic index first."),
        Sort(
            "design-arena-elo-high-to-low",
            lambda row: row.design_arena_elo,
            True,
            "Highest Design Arena ELO of any arena and category first.",
        ),
    )
}
"""Every accepted value of `sort`, in the order of the documentation."""
