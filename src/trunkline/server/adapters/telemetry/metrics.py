"""Counts calls for Prometheus as they are settled, by the catalogue's own names only; each worker counts its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.usecases.gateway_ports import Ledger

_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class MeasuredLedger:
    """Implements the port `Ledger` by another one, counts what passes, and has it told."""

    def __init__(self, ledger: Ledger, tell: Callable[[GenerationRecord], None] = lambda record: None) -> None:
        self._ledger = ledger
        self._tell = tell
        self._registry = CollectorRegistry()
        served = ("model", "provider")
        self._calls = self._counter("generations", "Calls that ended.", (*served, "outcome"))
        self._attempts = self._counter("attempts", "Attempts at providers.", (*served, "status"))
        self._tokens = self._counter("tokens", "Tokens of served calls.", (*served, "side"))
        self._charged = self._counter("charged_usd", "What accounts were charged, in USD.", served)
        self._latency = self._histogram("generation_seconds", "Calls, from arrival to end.", served)
        self._first = self._histogram("first_token_seconds", "Attempts, from sending to the first token.", served)

    def check(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let a caller spend, or not, as the other ledger does."""
        self._ledger.check(caller, now, free=free)

    def reserve(self, caller: Caller, now: float, *, free: bool, most: Callable[[], Amount]) -> Hold | None:
        """Hold what a call may cost, as the other ledger does."""
        return self._ledger.reserve(caller, now, free=free, most=most)

    async def secure(self, hold: Hold) -> None:
        """Agree on a hold, as the other ledger does."""
        await self._ledger.secure(hold)

    def release(self, hold: Hold) -> None:
        """Let go of a hold, as the other ledger does."""
        self._ledger.release(hold)

    async def freed(self, hold: Hold) -> None:
        """Return when nothing is held, as the other ledger does."""
        await self._ledger.freed(hold)

    def settle(self, record: GenerationRecord, hold: Hold | None = None) -> None:
        """Settle a record and count it; a name that no endpoint has is never a label."""
        self._ledger.settle(record, hold)
        model, provider = record.model, record.provider
        outcome = "cancelled" if record.cancelled else record.error_type or "ok"
        self._calls.labels(model, provider, outcome).inc()
        self._tokens.labels(model, provider, "prompt").inc(record.usage.prompt_tokens)
        self._tokens.labels(model, provider, "completion").inc(record.usage.completion_tokens)
        self._charged.labels(model, provider).inc(float(record.charged))
        self._latency.labels(model, provider).observe(record.latency_ms / 1000)
        for attempt in record.attempts:
            self._attempts.labels(attempt.model, attempt.provider, str(attempt.status)).inc()
            if attempt.first_token_ms is not None:
                self._first.labels(attempt.model, attempt.provider).observe(attempt.first_token_ms / 1000)
        self._tell(record)

    def exposition(self) -> bytes:
        """Return all counts in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"trunkline_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, labels: tuple[str, ...]) -> Histogram:
        return Histogram(f"trunkline_{name}", text, labels, registry=self._registry, buckets=_SECONDS)
