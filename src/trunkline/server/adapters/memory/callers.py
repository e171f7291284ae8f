"""Whose keys are valid: remembered per process until the store's policy epoch moves on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from trunkline.server.domain.policy import key
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.usecases.ports import CallerStore

REMEMBERED = 20_000
"""Callers kept in memory, unknown tokens among them; the least recently asked goes first."""


class LiveCallers:
    """Implements the port `Callers`.

    Entries are kept under the whole digest of a token, so that two tokens never share one.
    """

    def __init__(self, store: CallerStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._epoch = -1
        self._callers: OrderedDict[str, Caller | None] = OrderedDict()

    def known(self, token: str) -> tuple[bool, Caller | None]:
        """Return whether memory can tell whose token this is, and the caller."""
        if not key.is_key(token):
            return True, None
        digest = key.digest(token)
        if digest not in self._callers:
            return False, None
        self._callers.move_to_end(digest)
        return True, self._valid(self._callers[digest])

    def look_up(self, token: str) -> Caller | None:
        """Ask the store whose token this is, and remember it. Raises `StoreUnavailable`."""
        digest = key.digest(token)
        epoch = self._epoch
        caller = self._store.caller(digest)
        if epoch == self._epoch:  # else it may have been read before the change that moved the epoch on
            self._callers[digest] = caller
            while len(self._callers) > REMEMBERED:
                self._callers.popitem(last=False)
        return self._valid(caller)

    def refresh(self) -> None:
        """Forget everybody if the store has changed since. Raises `StoreUnavailable`."""
        epoch = self._store.epoch()
        if epoch != self._epoch:
            self._epoch = epoch
            self._callers = OrderedDict()

    def view(self, caller: Caller) -> Hashable:
        """Return what answers for this caller are kept under."""
        return (caller.key.hash, self._epoch)

    def _valid(self, caller: Caller | None) -> Caller | None:
        return caller if caller is not None and caller.counts(datetime.fromtimestamp(self._clock(), UTC)) else None


class NoCallers:
    """Implements the port `Callers` for a server without accounts: every caller is anonymous."""

    def known(self, token: str) -> tuple[bool, Caller | None]:
        """Return that nobody is known by any token."""
        return True, None

    def look_up(self, token: str) -> Caller | None:
        """Return None: there are no accounts to ask."""
        return None

    def view(self, caller: Caller) -> Hashable:
        """Return what answers for a caller are kept under."""
        return caller.key.hash
