"""Records that wait for a store which is slow or away: few of them in memory, all of them counted, none lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.disk import files_up_to
from tests.server.adapters.memory.records import NOW, caller, record
from tests.server.adapters.store.test_holds import COST, TEN, admitted
from tests.server.adapters.store.test_traffic import count, journalled, ledger_on, spent
from trunkline.server.adapters.memory.ledger import BATCH, LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.journal import DAMAGED, Journal, Settled
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.adapters.store.traffic_tables import GENERATIONS
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import PaymentRequired, StoreUnavailable

TENTH = Decimal("0.1")


class Store(SqlTraffic):
    """A store that does something before it writes its n-th batch, which may be to fail."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self.before: dict[int, Callable[[], object]] = {}
        self.sizes: list[int] = []

    def write(self, settled: Sequence[Settled], *given: Any) -> int:
        self.sizes.append(len(settled))
        self.before.get(len(self.sizes), lambda: None)()
        return super().write(settled, *given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journal is: SQLite's file lies beside it."""
    made = tmp_path / "journal"
    made.mkdir()
    return made


def away() -> None:
    raise StoreUnavailable("away")


def on(store: SqlTraffic, folder: Path, **options: Any) -> LiveLedger:
    return LiveLedger(store, Journal(folder), LiveStatistics(lambda: NOW), lambda: NOW, **options)


def spend(ledger: LiveLedger, times: int) -> None:
    for _ in range(times):
        ledger.settle(record(charged=TENTH))


def is_refused(ledger: LiveLedger, who: Caller) -> bool:
    try:
        ledger.check(who, NOW, free=False)
    except PaymentRequired:
        return True
    return False


@pytest.mark.parametrize("fails", [False, True])
def test_a_store_that_cannot_keep_up_leaves_a_bounded_number_of_records_in_memory(database, folder, fails):
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert go_on.wait(20)
        if fails:
            away()

    store = Store(database.engine)
    store.before[1] = slow
    ledger = on(store, folder, held=3)
    spend(ledger, 1)
    writer = threading.Thread(target=ledger.settled)
    writer.start()
    assert begun.wait(20)
    spend(ledger, 9)
    assert ([*map(len, ledger._backlog.places)], ledger._backlog.beyond) == ([2, 1], 7)
    go_on.set()
    writer.join()
    ledger.flush()
    assert (count(database, GENERATIONS), spent(database)) == (10, 1)
    spend(ledger, 1)
    ledger.stop()
    assert (count(database, GENERATIONS), spent(database)) == (11, Decimal("1.1"))
    assert list(folder.iterdir()) == []


def test_what_is_on_disk_only_counts_for_whoever_is_learned_and_whatever_is_read_anew(database, folder):
    ledger, who = ledger_on(database, folder, held=3), caller(key={"limit": Decimal(1)})
    spend(ledger, 10)
    ledger.load(who)
    assert count(database, GENERATIONS) == 0  # whoever is learned does not wait for what others have to write
    assert is_refused(ledger, who)
    ledger._reload()
    assert is_refused(ledger, who)
    ledger.flush()
    assert is_refused(ledger, who)
    ledger._reload()
    assert is_refused(ledger, who)
    assert spent(database) == 1
    ledger.stop()


def test_nine_tenths_on_disk_only_leave_one(database, folder):
    ledger, who = ledger_on(database, folder, held=1), caller(key={"limit": Decimal(1)})
    spend(ledger, 9)
    ledger.load(who)
    assert not is_refused(ledger, who)
    ledger.flush()
    ledger._reload()
    assert not is_refused(ledger, who)
    spend(ledger, 1)
    assert is_refused(ledger, who)
    ledger.stop()


@pytest.mark.parametrize("held", [1, 3, 100])
def test_the_others_know_that_a_call_is_held_until_its_cost_is_stored(database, folder, held):
    store, let_in = Store(database.engine), []
    mine, other = on(store, folder, held=held), ledger_on(database, folder / "other")
    who = caller(key={"limit": TEN})
    for each in (mine, other):
        each.load(who)

    def ask() -> None:
        async def storm() -> None:
            let_in.extend([hold for hold in [await admitted(other, who) for _ in range(12)] if hold is not None])

        asker = threading.Thread(target=lambda: asyncio.run(storm()))
        asker.start()
        asker.join()

    async def nine() -> None:
        holds = [await admitted(mine, who) for _ in range(9)]
        for hold in holds:
            assert hold is not None
            assert hold.amount == COST
            mine.settle(record(charged=Decimal("0.0001")), hold)

    asyncio.run(nine())
    store.before[len(store.sizes) + (2 if held < 9 else 1)] = ask
    mine.flush()
    assert len(let_in) <= 1
    mine.stop()
    other.stop()


def test_spilled_records_are_not_written_again_after_a_failure_behind_them(database, folder):
    store = Store(database.engine)
    store.before[3] = away
    ledger = on(store, folder, held=1)
    spend(ledger, 1 + BATCH + 5)
    with pytest.raises(StoreUnavailable):
        ledger.flush()
    assert count(database, GENERATIONS) == 1 + BATCH
    assert ledger._backlog.beyond == 5
    ledger.flush()
    assert store.sizes == [1, BATCH, 5, 5]
    assert spent(database) == TENTH * (1 + BATCH + 5)
    ledger.stop()
    assert list(folder.iterdir()) == []


def test_a_store_that_is_away_for_long_costs_no_file_for_each_try(database, folder):
    store = Store(database.engine)
    store.before = dict.fromkeys(range(1, 41), away)
    ledger = on(store, folder, held=5)
    for _ in range(40):
        spend(ledger, 1)
        with pytest.raises(StoreUnavailable):
            ledger.flush()
    assert len(list(folder.iterdir())) <= 3
    ledger.flush()
    assert (count(database, GENERATIONS), spent(database)) == (40, 4)
    ledger.stop()
    assert list(folder.iterdir()) == []


def test_a_damaged_line_among_spilled_ones_costs_itself_and_the_file_is_kept(database, folder):
    ledger = ledger_on(database, folder, held=1)
    spend(ledger, 4)
    for path in folder.iterdir():
        lines = path.read_bytes().splitlines(keepends=True)
        if len(lines) > 1:
            path.write_bytes(b"".join([lines[0], lines[1].replace(b'"id"', b'"iD"'), *lines[2:]]))
    ledger.settled()
    ledger.settled()
    assert not ledger._backlog.left
    ledger.stop()
    assert count(database, GENERATIONS) == 3
    assert [path.suffix for path in folder.iterdir()] == [DAMAGED]


def test_what_no_disk_took_is_journalled_as_soon_as_one_does_though_others_were_before(database, folder):
    ledger = ledger_on(database, folder)
    spend(ledger, 1)
    with files_up_to(0):
        spend(ledger, 1)
    assert ledger._backlog.lost == 1
    spend(ledger, 1)
    ledger._mend()
    assert ledger._backlog.lost == 0
    assert journalled(folder) == 3
    ledger.stop()
    assert spent(database) == Decimal("0.3")


def test_calls_with_own_keys_that_end_together_do_not_share_what_is_free_of_the_fee(database, folder):
    ledger = ledger_on(database, folder, soon=lambda then: None)
    ledger.load(caller())
    for settled in range(3):
        assert ledger.worth("account", NOW) == settled
        ledger.settle(record(is_byok=True, prompt_cost=Decimal(1)))
    ledger.stop()
