"""Whose keys are valid: remembered per process until the store's policy epoch moves on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from trunkline.server.domain.policy import key
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.usecases.ports import CallerStore

REMEMBERED = 20_000
"""Callers kept in memory, unknown tokens among them; the least recently asked goes first."""


_END: Final = datetime.max.replace(tzinfo=UTC)


class _Remembered(Struct, frozen=True):
    """Whose token one is, None for nobody's, and whether its key counts whatever the time."""

    caller: Caller | None
    always: bool


class _Memory:
    """What was learned in one epoch of the store; swapped whole, so that a late answer lands in the old one."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.callers: OrderedDict[str, _Remembered] = OrderedDict()


class LiveCallers:
    """Implements the port `Callers`.

    Entries are kept under the whole digest of a token, so that two tokens never share one. Asked from
    the event loop and from threads.
    """

    def __init__(
        self, store: CallerStore, clock: Callable[[], float], used: Callable[[str, float], None] = lambda *_: None
    ) -> None:
        """`used` is told the hash of each valid key that comes, and the Unix time."""
        self._store = store
        self._clock = clock
        self._used = used
        self._memory = _Memory(-1)

    def known(self, token: str) -> tuple[bool, Caller | None]:
        """Return whether memory can tell whose token this is, and the caller."""
        if len(token) != key.LENGTH:
            return True, None
        callers, digest = self._memory.callers, key.digest(token)
        try:
            held = callers[digest]
            callers.move_to_end(digest)
        except KeyError:
            return not key.is_key(token), None
        return True, self._valid(held)

    def look_up(self, token: str) -> Caller | None:
        """Ask the store whose token this is, and remember it. Raises `StoreUnavailable`."""
        return self.of_key(key.digest(token))

    def of_key(self, digest: str) -> Caller | None:
        """Return whose key has this hash. Raises `StoreUnavailable`."""
        if not key.is_digest(digest):
            return None  # and nothing to remember: it may be megabytes of anything
        memory = self._memory  # before the store is asked: what it says may be newer than the memory, never older
        caller = self._store.caller(digest)
        always = caller is not None and caller.counts(_END)
        held = memory.callers[digest] = _Remembered(caller, always)
        while len(memory.callers) > REMEMBERED:
            memory.callers.popitem(last=False)
        return self._valid(held)

    def refresh(self) -> None:
        """Forget everybody if the store has changed since. Raises `StoreUnavailable`."""
        epoch = self._store.epoch()
        if epoch != self._memory.epoch:
            self._memory = _Memory(epoch)

    def _valid(self, held: _Remembered) -> Caller | None:
        caller, now = held.caller, self._clock()
        if caller is None or not (held.always or caller.counts(datetime.fromtimestamp(now, UTC))):
            return None
        self._used(caller.key.hash, now)
        return caller


class NoCallers:
    """Implements the port `Callers` for a server without accounts: every caller is anonymous."""

    def known(self, token: str) -> tuple[bool, Caller | None]:
        """Return that nobody is known by any token."""
        return True, None

    def look_up(self, token: str) -> Caller | None:
        """Return None: there are no accounts to ask."""
        return None

    def of_key(self, digest: str) -> Caller | None:
        """Return None: there are no accounts to ask."""
        return None
