"""Records that the journal has and the store has not: in memory up to a bound, beyond it on disk only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from trunkline.server.adapters.memory.spending import Tally
from trunkline.server.adapters.store.journal import Journal, Settled, settled_of
from trunkline.server.domain.policy.charge import Charge, Payer, Scope, booked

HELD: Final = 20_000
"""Records kept in memory while the store is away, or cannot keep up."""


class Backlog:
    """What is open, what is being written, and what has been spilled: the last is in files of its own, and of it only
    sums are in memory.

    Its ledger's lock guards it, but for `spilled`; `left` may be asked by anybody at any time.
    """

    def __init__(self, journal: Journal, held: int = HELD) -> None:
        self._journal = journal
        self._spill = Journal(journal.folder)
        self._held = held
        self._open: dict[str, Settled] = {}
        self._written: dict[str, Settled] = {}
        self._unjournalled: dict[str, Settled] = {}
        self._charges: dict[Payer, Charge] = {}
        self.beyond = 0
        """How many records are on disk only."""

    @property
    def places(self) -> tuple[Mapping[str, Settled], Mapping[str, Settled]]:
        """What is in memory, by id: what is open, and what is being written."""
        return self._open, self._written

    @property
    def left(self) -> bool:
        """Whether anything has yet to be written."""
        return bool(self._open or self._written or self.beyond)

    @property
    def lost(self) -> int:
        """How many records would be lost if this process died now, for no disk took them."""
        return len(self._unjournalled)

    def add(self, fresh: dict[str, Settled]) -> None:
        """Journal records by one append; those that no disk takes are kept in memory, however many there are."""
        documents = [each.document for each in fresh.values()]
        if len(self._open) + len(self._written) >= self._held and self._spill.append(*documents):
            self.beyond += len(fresh)
            self._charge(fresh.values(), 1)
            return
        if not self._journal.append(*documents):
            self._unjournalled.update(fresh)
        self._open.update(fresh)

    def count(self, tallies: Mapping[Scope, Tally]) -> None:
        """Add what is open or spilled to sums of the store, which have all that has been written."""
        for payer, charge in (*[booked(settled.record) for settled in self._open.values()], *self._charges.items()):
            for scope in payer.scopes:
                if scope in tallies:
                    tallies[scope].add(payer.day, charge)

    def mend(self) -> None:
        """Journal what could not be journalled, as soon as there is room for it."""
        if self._journal.is_failing and not self._journal.probe():
            return
        for settled in list(self._unjournalled.values()):
            if not self._journal.append(settled.document):
                break
            del self._unjournalled[settled.record.id]

    def begin(self) -> Mapping[str, Settled]:
        """Begin to write what is in memory, and return it."""
        self._open, self._written = {}, self._open
        self._journal.rotate()
        if self._spill.is_empty:
            self.beyond, self._charges = 0, {}  # all is stored, but for what nobody can read
        return self._written

    def stored(self, batch: Sequence[Settled]) -> None:
        """Note that records which were in memory are in the store."""
        if self._unjournalled:
            for each in batch:
                self._unjournalled.pop(each.record.id, None)

    def end(self) -> None:
        """End what `begin` has begun: the store has all of it, so that the journal's files can be discarded."""
        self._written = {}

    def fail(self, left: dict[str, Settled]) -> None:
        """End what `begin` has begun: `left` is not stored."""
        self._open = left | self._open
        self._written = {}

    def rotate(self) -> None:
        """Let what is spilled from now on begin a new file, once the one before is done with."""
        self._spill.rotate()

    def spilled(self, most: int) -> Iterator[list[Settled]]:
        """Yield what had been spilled until `rotate`; who stores it says so by `unspill` before asking for more."""
        for documents in self._spill.parts(most):
            yield settled_of(documents)

    def unspill(self, batch: Sequence[Settled]) -> None:
        """Note that records which were on disk only are in the store."""
        self.beyond -= len(batch)
        self._charge(batch, -1)

    def sync(self) -> None:
        """Flush what waits to the disk itself."""
        self._journal.sync()
        self._spill.sync()

    def close(self) -> None:
        """Let go of the files; what they hold is left for the next start."""
        self._spill.close()

    def _charge(self, batch: Iterable[Settled], times: int) -> None:
        for each in batch:
            payer, charge = booked(each.record)
            added = Charge(times * charge.usage, times * charge.byok, times * charge.free)
            self._charges.setdefault(payer, Charge()).add(added)
