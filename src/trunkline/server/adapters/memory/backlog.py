"""Records that the journal has and the store has not: in memory up to a bound, beyond it on disk only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from trunkline.server.adapters.memory.spending import Tally
from trunkline.server.adapters.store.journal import Journal, Settled
from trunkline.server.domain.policy.charge import Scope, booked

HELD: Final = 10_000
"""Records kept in memory while the store is away, or cannot keep up; beyond that they are on disk only."""


class Backlog:
    """What is `open`, what is being written, and what only the journal's files still hold.

    Its ledger's lock guards it; `left` and `is_behind` alone may be asked by anybody at any time.
    """

    def __init__(self, journal: Journal, held: int = HELD) -> None:
        self._journal = journal
        self._held = held
        self._open: dict[str, Settled] = {}
        self._written: dict[str, Settled] = {}
        self._unjournalled: dict[str, Settled] = {}
        self._spilled = False

    @property
    def places(self) -> tuple[Mapping[str, Settled], Mapping[str, Settled]]:
        """What is in memory, by id: what is open, and what is being written."""
        return self._open, self._written

    @property
    def left(self) -> bool:
        """Whether anything has yet to be written."""
        return bool(self._open or self._written or self._spilled)

    @property
    def is_behind(self) -> bool:
        """Whether there are records that are on disk only, so that sums of what is in memory lack them."""
        return self._spilled

    @property
    def lost(self) -> int:
        """How many records would be lost if this process died now, for no disk took them."""
        return len(self._unjournalled)

    def add(self, fresh: dict[str, Settled]) -> None:
        """Journal records by one append; those that no disk takes are kept in memory, however many there are."""
        if not self._journal.append(*[each.document for each in fresh.values()]):
            self._unjournalled.update(fresh)
        elif len(self._open) >= self._held:
            self._spilled = True
            return
        self._open.update(fresh)

    def count(self, tallies: Mapping[Scope, Tally]) -> None:
        """Add what is open to sums of the store, which have all that has been written."""
        for settled in self._open.values():
            payer, charge = booked(settled.record)
            for scope in payer.scopes:
                if scope in tallies:
                    tallies[scope].add(payer.day, charge)

    def mend(self) -> None:
        """Journal what could not be journalled, as soon as there is room for it."""
        if self._journal.is_failing and self._journal.probe():
            for settled in list(self._unjournalled.values()):
                if not self._journal.append(settled.document):
                    break
                del self._unjournalled[settled.record.id]

    def begin(self) -> tuple[Mapping[str, Settled], bool]:
        """Begin to write: return what is in memory, and whether the journal's files hold more than that."""
        batch, spilled = self._open, self._spilled
        self._open, self._written, self._spilled = {}, batch, False
        self._journal.rotate()
        return batch, spilled

    def waiting(self) -> Iterator[bytes]:
        """Yield the records (JSON) in the files that were there when writing began."""
        return self._journal.waiting()

    def stored(self, batch: Sequence[Settled]) -> None:
        """Note that records are in the store."""
        if self._unjournalled:
            for each in batch:
                self._unjournalled.pop(each.record.id, None)

    def end(self) -> None:
        """End what `begin` has begun: the store has all of it."""
        self._written = {}
        self._journal.discard()

    def fail(self, left: Iterable[Settled], *, spilled: bool) -> None:
        """End what `begin` has begun, but `left` and, where they were `spilled`, those in the files are not stored."""
        kept = {each.record.id: each for each in left}
        if len(kept) > self._held:
            # The others are in the journal.
            kept = {id_: each for id_, each in kept.items() if id_ in self._unjournalled}
            spilled = True
        self._open = kept | self._open
        self._written = {}
        self._spilled = self._spilled or spilled
