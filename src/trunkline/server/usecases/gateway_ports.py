"""The ports of inference to what counts and remembers: limits, the journal, statistics, stickiness."""

from __future__ import annotations

from typing import Protocol

from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.routing.statistics import Statistics


class Ledger(Protocol):
    """Who may still spend, and what was spent."""

    def check(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let a caller spend: limits, budgets and credits in their order (policy spec 5.9). Never blocks on I/O.

        `free`: only free models are asked for. Raises `PaymentRequired` (402), `Forbidden` (403), and
        `StoreUnavailable` when nothing is known of the caller's spending.
        """
        ...

    def settle(self, record: GenerationRecord) -> None:
        """Journal a finished generation, before its answer ends; one append, idempotent by id.

        Counts it at once in this process's limits and statistics; the store follows in batches.
        """
        ...


class Learned(Protocol):
    """What traffic has taught about endpoints."""

    def statistics(self, now: float) -> Statistics:
        """Return the endpoints' recent past; a plain look-up, refreshed at most every second."""
        ...


class Stickiness(Protocol):
    """Which endpoint a conversation stays with (spec gateway 3.7)."""

    def endpoint(self, key: str, now: float) -> str | None:
        """Return the endpoint's key that a conversation was last served by, None when forgotten."""
        ...

    def remember(self, key: str, endpoint: str, now: float) -> None:
        """Keep a conversation with an endpoint for ten minutes from now."""
        ...
