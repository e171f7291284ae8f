"""Accounts whose changes are noticed in this process at once, before the one who made them hears that they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime

from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import StoreUnavailable
from trunkline.server.usecases.account_ports import Accounts, Reader, Writer
from trunkline.server.usecases.ports import Clock


class NoticedAccounts:
    """Implements the port `Accounts` on another one; `notice` is called after every change that went through.

    `settle` is called before each look: what this process has spent shall be in it.
    """

    def __init__(
        self, accounts: Accounts, notice: Callable[[], None], settle: Callable[[], None] = lambda: None
    ) -> None:
        self._accounts = accounts
        self._notice = notice
        self._settle = settle

    def read(self) -> AbstractContextManager[Reader]:
        """Look at one unchanging state."""
        self._settle()
        return self._accounts.read()

    @contextmanager
    def change(self, actor: Actor, clock: Clock) -> Iterator[Writer]:
        """Change rows, all or nothing, and notice it."""
        with self._accounts.change(actor, clock) as writer:
            yield writer
        with suppress(StoreUnavailable):  # the change went through; whoever watches the store will notice it
            self._notice()

    def touch(self, used: Mapping[str, datetime]) -> None:
        """Note when keys were last used."""
        self._accounts.touch(used)

    def epoch(self) -> int:
        """Return a number that moves with every change."""
        return self._accounts.epoch()

    def caller(self, key_hash: str) -> Caller | None:
        """Return the key of a SHA-256 with everything that governs it."""
        return self._accounts.caller(key_hash)
