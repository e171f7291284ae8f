"""The ledger as requests meet it: memory that answers at once, a journal that forgets nothing, a store that follows.

What a call may cost is held of its caller's limits while it is under way. Far from a limit this process decides alone;
near one it asks the store, where all processes say what they hold (docs/decisions, "Limits that bind").
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from trunkline.server.adapters.memory.backlog import HELD, Backlog
from trunkline.server.adapters.memory.holds import SharedHolds
from trunkline.server.adapters.memory.spending import SpendingMemory, Tally
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.journal import Journal, Settled, settled_of
from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.charge import Scope
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.domain.policy.workspace import WorkspaceBudget
from trunkline.server.errors import StoreUnavailable

if TYPE_CHECKING:
    from trunkline.server.adapters.store.traffic import Followed, SqlTraffic, Turn

WRITE_SECONDS: Final = 0.5
"""Between two batches, and between two looks at what other processes have written."""
_LONGEST_PAUSE: Final = 8.0
_PRUNE_SECONDS: Final = 60.0
BATCH: Final = 2_000
"""Generations written at a time, so that a long queue does not keep others from writing."""
_LOG: Final = logging.getLogger(__name__)
_encoded: Final = msgspec.json.Encoder().encode


class LiveLedger:
    """Implements the port `Ledger`.

    `check` and `settle` are for the event loop and never wait for the store; everything else blocks. Two locks: `_lock`
    for moments, around memory; `_turn` for whoever talks to the store, so that what is read there and what this
    process has yet to write never overlap.
    """

    def __init__(
        self,
        traffic: SqlTraffic,
        journal: Journal,
        statistics: LiveStatistics,
        clock: Callable[[], float],
        *,
        credits_usd: Decimal | None = None,
        days: int = 90,
        held: int = HELD,
        pulse: Callable[[float], None] = lambda now: None,
        soon: Callable[[Callable[[], None]], object] | None = None,
        heard: Iterable[Callable[[Sequence[GenerationRecord]], None]] = (),
    ) -> None:
        """Have `heard` told of records that are settled.

        Without `soon`, which has something called after a turn of the loop, each record is journalled by itself.
        """
        self._traffic = traffic
        self._journal = journal
        self._statistics = statistics
        self._clock = clock
        self._days = days
        self._pulse = pulse
        self._soon = soon
        self._run_id = journal.name
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._spending = SpendingMemory(credits_usd)
        self._heard = (statistics.settle, *heard)
        self._gathered: list[tuple[GenerationRecord, Hold | None]] = []
        """What has been settled in this turn of the loop; appended without a lock, which nothing under way minds."""
        self._backlog = Backlog(journal, held)
        self._wanted: dict[str, Caller] = {}
        self._holds = SharedHolds(self._spending, self._lock, traffic, self._run_id, clock, self._round)
        self._number = 0
        self._pruned = float("-inf")
        self._away = 0
        self._wake = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None

    def check(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let a caller spend.

        Raises `PaymentRequired`, `Forbidden`, and `StoreUnavailable` where nothing is known, or where records of calls
        would be in memory only.
        """
        if self._journal.is_failing:
            raise StoreUnavailable("calls cannot be recorded: the journal's disk takes nothing more")
        with self._lock:
            try:
                self._spending.require(caller, now, free=free)
            except StoreUnavailable:
                self._wanted[caller.key.hash] = caller
                self._wake.set()
                raise

    def reserve(self, caller: Caller, now: float, *, free: bool, most: Callable[[], Amount]) -> Hold | None:
        """Hold what a call costs at `most`; return None where its caller is under no limit. Raises like `check`."""
        return self._holds.reserve(caller, now, free=free, most=most)

    async def secure(self, hold: Hold) -> None:
        """Ask the other processes for a hold that is near a limit; without an answer what is known here decides.

        Raises `PaymentRequired` and `Forbidden`; the hold is gone then.
        """
        await self._holds.secure(hold)

    async def freed(self, hold: Hold) -> None:
        """Return when the other processes know that a call has ended of which they knew that it was under way."""
        if self._holds.are_told(hold):
            self.commit()
            await self._holds.freed(hold)

    def worth(self, account_id: str, now: float) -> Decimal:
        """Return the list price of an account's calls with own keys this month, as far as it is known here."""
        with self._lock:
            self._journalise()
            return self._spending.worth(account_id, now)

    def release(self, hold: Hold) -> None:
        """Let go of a hold whose call has not come to be."""
        self._holds.release(hold)

    def settle(self, record: GenerationRecord, hold: Hold | None = None) -> None:
        """Have a generation journalled and counted in the place of what was held; the second of an id is nothing.

        Both are done for all generations of a turn at once, by `commit`: what is under way is still held by then.
        """
        gathered = self._gathered
        gathered.append((record, hold))
        if self._soon is None:
            self.commit()
        elif len(gathered) == 1:
            self._soon(self.commit)

    def commit(self) -> None:
        """Journal and count what has been settled, if there is any: to be called before any answer leaves."""
        if self._gathered:
            with self._lock:
                self._journalise()

    def _journalise(self) -> None:
        """Journal and count what is gathered. Under the lock; who finds nothing gathered may let answers go without."""
        gathered = self._gathered[:]
        if not gathered:
            return
        open_, written = self._backlog.places
        fresh: dict[str, Settled] = {}
        for record, hold in gathered:
            id_, charge = record.id, None
            if not (id_ in fresh or id_ in open_ or id_ in written):
                try:
                    document = _encoded(record)
                    charge = self._spending.spend(record)
                    fresh[id_] = Settled(record, document, charge)
                except Exception:  # noqa: BLE001 - the others' answers must not wait for it
                    _LOG.exception("a call cannot be recorded", extra={"record": id_})
            if hold is not None and charge is not None:
                self._holds.settle(id_, hold, Amount(charge.usage, charge.byok))
            elif hold is not None:
                self._holds.drop(hold)
        if fresh:
            self._backlog.add(fresh)
        del self._gathered[: len(gathered)]
        try:
            records = [settled.record for settled in fresh.values()]
            for hear in self._heard:
                hear(records)
        except Exception:  # noqa: BLE001 - the records are safe, and nobody's answer depends on who else hears of them
            _LOG.exception("a call cannot be told of")

    def load(self, caller: Caller) -> None:
        """Learn what a caller and those around it have spent. Raises `StoreUnavailable`."""
        with self._turn:
            self._load(caller)

    def flush(self) -> None:
        """Write what has been settled, and take over what others wrote. Raises `StoreUnavailable`."""
        with self._turn:
            self._write()
            self._follow()

    def settled(self) -> None:
        """Write what has been settled, if there is any and the store can be reached."""
        if self._gathered or self._backlog.left:
            with suppress(StoreUnavailable):
                self.flush()

    def start(self) -> None:
        """Write what processes before this one have left, learn from the last day, and follow from now on."""
        with self._turn:
            self._recover()
            self._number, spans = self._traffic.spans(self._clock())
            self._statistics.load(spans)
        self._thread = threading.Thread(target=self._keep, name="ledger", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._ended = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        with self._turn:
            try:
                self._mend()
                self._write()
                self._holds.withdraw()
            except StoreUnavailable as error:
                _LOG.warning("records stay in the journal until the next start", extra={"reason": error.message})
                if self._backlog.lost:
                    _LOG.error("records are lost: no disk takes them", extra={"records": self._backlog.lost})
            self._journal.close()
            self._backlog.close()

    def _keep(self) -> None:
        pause = WRITE_SECONDS
        while not self._ended:
            self._wake.wait(pause)
            self._wake.clear()
            try:
                self._tick()
                if self._away:
                    _LOG.info("the store is back")
                self._away, pause = 0, WRITE_SECONDS
            except StoreUnavailable as error:
                if not self._away:
                    _LOG.warning("records wait in the journal", extra={"reason": error.message})
                self._away += 1
                # A disk that has room again is noticed soon: until then nobody can call.
                pause = WRITE_SECONDS if self._journal.is_failing else min(2 * pause, _LONGEST_PAUSE)
                with self._turn:
                    self._backlog.sync()
            except Exception:  # noqa: BLE001 - whatever it is, the next tick tries again
                _LOG.exception("the ledger could not be kept up")

    def _round(self) -> None:
        with self._turn:
            self._exchange()

    def _exchange(self) -> None:
        """Write what is open, take over what the others wrote, and agree with them on what is held."""
        self._write()
        self._follow()
        if self._holds.tell(self._catch_up):
            with self._lock:
                self._journal.mark()

    def _mend(self) -> None:
        with self._lock:
            self._backlog.mend()

    def _tick(self) -> None:
        with self._turn:
            self._mend()
            self._exchange()
            with self._lock:
                wanted, self._wanted = self._wanted, {}
            for caller in wanted.values():
                self._load(caller)
            now = self._clock()
            if time.monotonic() - self._pruned >= _PRUNE_SECONDS:
                self._pruned = time.monotonic()
                self._recover()
                self._statistics.forget(now)
                self._traffic.prune(now, self._days)
        self._pulse(now)

    def _write(self) -> None:
        """Write the records that wait; where that fails they wait on."""
        with self._lock:
            self._journalise()
            batch = self._backlog.begin()
            # What has been spilled stays held, as far as the others know, until it is stored, too.
            held = None if self._backlog.beyond else self._holds.once_stored()
        left = dict(batch)
        try:
            for part in _parts(list(batch.values())):
                is_last = len(part) == len(left)
                self._put(part, self._run_id, held if is_last else None)
                for each in part:
                    del left[each.record.id]
                self._stored(part, held if is_last else None)
        except BaseException:
            with self._lock:
                self._backlog.fail(left)
            raise
        with self._lock:
            self._backlog.end()
        self._journal.discard()
        for _ in range(2):  # what was left by another try, and what has been spilled since
            with self._lock:
                self._backlog.rotate()
            for spilled in self._backlog.spilled(BATCH):
                self._put(spilled, self._run_id)
                self._stored(spilled)
                with self._lock:
                    self._backlog.unspill(spilled)

    def _stored(self, part: Sequence[Settled], held: Mapping[Scope, Amount] | None = None) -> None:
        with self._lock:
            self._backlog.stored(part)
        self._holds.stored([each.record.id for each in part], held)

    def _put(self, settled: Sequence[Settled], run: str, held: Mapping[Scope, Amount] | None = None) -> None:
        from trunkline.server.adapters.store.traffic import Unstorable

        for part in _parts(settled):
            try:
                self._traffic.write(part, run, self._clock(), held)
            except Unstorable as error:
                if len(part) > 1:
                    for each in part:
                        self._put([each], run)
                else:
                    self._journal.set_aside(part[0].document, str(error))

    def _follow(self) -> None:
        found = self._traffic.since(self._number)
        if found is None:
            self._reload()
        else:
            self._take(found)

    def _catch_up(self, turn: Turn) -> None:
        self._take(turn.since(self._number) or ())

    def _take(self, found: Iterable[Followed]) -> None:
        for number, run, batch in found:
            if run != self._run_id:
                with self._lock:
                    for each in batch.booked:
                        self._spending.add(each, number)
                self._statistics.merge(batch.seen)
            self._number = number

    def _recover(self) -> None:
        for orphan in self._journal.orphans():
            replayed = 0
            for documents in orphan.parts(BATCH):
                settled = settled_of(documents)
                self._put(settled, "")  # in nobody's name: no process that lives has counted them
                replayed += len(settled)
                orphan.damaged += len(documents) - len(settled)
            self._traffic.bury(orphan.name)
            orphan.remove()
            if replayed:
                _LOG.info("journal replayed", extra={"records": replayed, "file": str(orphan.path)})

    def _load(self, caller: Caller) -> None:
        workspace_id = None if caller.workspace is None else caller.workspace.id
        with self._lock:
            missing = self._spending.missing(caller)
        _, tallies, budgets = self._read(missing, workspace_id)
        with self._lock:
            self._journalise()
            self._backlog.count(tallies)
            self._spending.learn(caller, tallies, budgets)
            self._wanted.pop(caller.key.hash, None)

    def _reload(self) -> None:
        """Read all sums anew, after so long a sleep that the others' batches are gone."""
        with self._lock:
            scopes = self._spending.known()
        self._number, tallies, _ = self._read(scopes, None)
        with self._lock:
            self._journalise()
            self._backlog.count(tallies)
            self._spending.replace(tallies)

    def _read(
        self, scopes: Iterable[Scope], workspace_id: str | None
    ) -> tuple[int, dict[Scope, Tally], list[WorkspaceBudget]]:
        now = self._clock()
        found = self._traffic.spent(list(scopes), workspace_id, now)
        day = int(now) // DAY
        return (
            found.number,
            {scope: Tally(spent, found.number, day) for scope, spent in found.spent.items()},
            found.budgets,
        )


def _parts(settled: Sequence[Settled]) -> Iterator[Sequence[Settled]]:
    for first in range(0, len(settled), BATCH):
        yield settled[first : first + BATCH]
