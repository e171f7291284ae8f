"""Records that are settled in one turn of the loop: journalled together, before any of their answers leaves."""

import threading
from decimal import Decimal

import pytest

from tests.server.adapters.memory.records import NOW, caller, record
from tests.server.adapters.store.test_traffic import count, journalled, ledger_on, spent
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.adapters.store.traffic_tables import GENERATIONS
from trunkline.server.errors import PaymentRequired


def test_what_is_settled_in_a_turn_is_journalled_together_when_it_is_over_or_an_answer_leaves(database, tmp_path):
    soon = []
    ledger = ledger_on(database, tmp_path / "journal", soon=soon.append)
    first, second, third = (record(charged=Decimal("0.1")) for _ in range(3))
    ledger.settle(first)
    ledger.settle(second)
    ledger.settle(first)  # once more is nothing
    assert journalled(tmp_path / "journal") == 0
    assert len(soon) == 1
    ledger.commit()  # before an answer leaves
    assert journalled(tmp_path / "journal") == 2
    ledger.settle(first)
    ledger.settle(third)
    for each in soon:
        each()
    assert (len(soon), journalled(tmp_path / "journal")) == (2, 3)
    ledger.flush()
    assert (count(database, GENERATIONS), spent(database)) == (3, Decimal("0.3"))
    ledger.stop()


def test_what_is_settled_and_not_journalled_yet_is_stored_all_the_same(database, tmp_path):
    ledger = ledger_on(database, tmp_path / "journal", soon=lambda then: None)
    ledger.settle(record(charged=Decimal("0.1")))
    ledger.settled()
    assert count(database, GENERATIONS) == 1
    ledger.settle(record(charged=Decimal("0.1")))
    ledger.stop()
    assert spent(database) == Decimal("0.2")


def test_no_answer_leaves_while_its_record_is_being_journalled_by_the_ledgers_own_thread(database, tmp_path):
    begun, go_on, left = threading.Event(), threading.Event(), threading.Event()

    class Slow(Journal):
        def append(self, *documents: bytes) -> bool:
            begun.set()
            assert go_on.wait(20)
            return super().append(*documents)

    traffic, statistics = SqlTraffic(database.engine), LiveStatistics(lambda: NOW)
    ledger = LiveLedger(traffic, Slow(tmp_path), statistics, lambda: NOW, soon=lambda then: None)
    ledger.settle(record(charged=Decimal("0.1")))
    writer = threading.Thread(target=ledger.flush)
    leaver = threading.Thread(target=lambda: (ledger.commit(), left.set()))
    writer.start()
    assert begun.wait(20)
    leaver.start()
    has_left = left.wait(0.2)
    go_on.set()
    writer.join()
    leaver.join()
    assert not has_left
    assert left.is_set()
    assert spent(database) == Decimal("0.1")
    ledger.stop()


def test_what_is_settled_and_not_journalled_yet_counts_for_whoever_is_learned(database, tmp_path):
    ledger, who = ledger_on(database, tmp_path, soon=lambda then: None), caller(key={"limit": Decimal(1)})
    ledger.settle(record(charged=Decimal(1)))
    ledger.load(who)
    with pytest.raises(PaymentRequired):
        ledger.check(who, NOW, free=False)
    ledger.stop()


def test_a_turn_whose_records_the_ledgers_thread_has_taken_says_nothing_of_the_disk(database, tmp_path):
    """An append of nothing succeeds on a full disk, too."""
    ledger = ledger_on(database, tmp_path, soon=lambda then: None)
    ledger._journal.is_failing = True
    ledger._journalise()
    assert ledger._journal.is_failing
    ledger.stop()


def test_a_record_that_cannot_be_written_down_keeps_no_other_from_it(database, tmp_path, caplog):
    soon = []
    ledger = ledger_on(database, tmp_path, soon=soon.append)
    ledger.settle(record(charged=Decimal("0.1")))
    ledger.settle(record(charged=Decimal("0.1"), app_title="\ud800"))
    ledger.settle(record(charged=Decimal("0.1")))
    ledger.commit()
    assert journalled(tmp_path) == 2
    assert "cannot be recorded" in caplog.text
    ledger.flush()
    assert (count(database, GENERATIONS), spent(database)) == (2, Decimal("0.2"))
    ledger.stop()


def test_whoever_cannot_hear_of_a_record_keeps_nobody_from_an_answer(database, tmp_path, caplog):
    heard = []

    def deaf(records) -> None:
        heard.extend(records)
        raise ValueError

    ledger = ledger_on(database, tmp_path, heard=[deaf])
    one, other = record(charged=Decimal("0.1")), record(charged=Decimal("0.1"))
    ledger.settle(one)
    ledger.settle(other)
    ledger.settle(one)
    assert heard == [one, other]
    assert "cannot be told" in caplog.text
    ledger.flush()
    assert spent(database) == Decimal("0.2")
    ledger.stop()
