"""Callers whose spending is known as soon as they are: whoever looks up a key reads what it has spent with it."""

from __future__ import annotations

from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.usecases.ports import CallerStore


class MeteredCallers:
    """Implements the port `CallerStore` on another one, for a memory that keeps callers until something changes.

    Budgets of workspaces come with a caller, and like it are read anew after every change of accounts.
    """

    def __init__(self, callers: CallerStore, ledger: LiveLedger) -> None:
        self._callers = callers
        self._ledger = ledger

    def epoch(self) -> int:
        """Return a number that moves with every change."""
        return self._callers.epoch()

    def caller(self, key_hash: str) -> Caller | None:
        """Return the key of a SHA-256 with everything that governs it. Raises `StoreUnavailable`."""
        found = self._callers.caller(key_hash)
        if found is not None and not found.key.is_management:
            self._ledger.load(found)
        return found
