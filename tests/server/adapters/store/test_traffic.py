"""Generations in the store: each once, whatever fails, with all that they add up to."""

import signal
import subprocess
import sys
import threading
from decimal import Decimal
from itertools import chain
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from tests.disk import files_up_to
from tests.postgres import run_server
from tests.server.adapters.memory.records import MOMENT, NOW, attempt, caller, record
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.database import open_database, upgrade
from trunkline.server.adapters.store.generations import SqlRecords
from trunkline.server.adapters.store.journal import REFUSED, Journal, Settled
from trunkline.server.adapters.store.traffic import SqlTraffic, Unstorable
from trunkline.server.adapters.store.traffic_tables import APPS, BATCHES, GENERATIONS, SPANS, USAGE
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.errors import PaymentRequired, StoreUnavailable
from trunkline.server.usecases.gateway_ports import Dimension

SPENDER = """
import sys, time
from decimal import Decimal
from pathlib import Path
from tests.server.adapters.memory.records import NOW, attempt, record
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.traffic import SqlTraffic

where, folder, name = sys.argv[1:]
database = open_database(where)
statistics = LiveStatistics(lambda: NOW)
ledger = LiveLedger(SqlTraffic(database.engine), Journal(Path(folder)), statistics, lambda: NOW)
ledger.start()
for number in range(10**6):
    one = record(id=f"{name}-{number}", charged=Decimal("0.000001"), endpoint="m a 0", attempts=(attempt(),))
    ledger.settle(one)
    print(number, flush=True)
    if number % 50 == 0:
        time.sleep(0.02)
"""


def settled(*records):
    return [Settled(each, msgspec.json.encode(each)) for each in records]


def count(database, table) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def spent(database, key: str = "key") -> Decimal:
    with database.accounts.read() as store:
        return store.ledger.by_key("account", [key], MOMENT)[key].usage


def journalled(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.journal"))


def ledger_on(database, folder, **options) -> LiveLedger:
    return LiveLedger(SqlTraffic(database.engine), Journal(folder), LiveStatistics(lambda: NOW), lambda: NOW, **options)


def test_a_batch_that_comes_twice_counts_once(database):
    traffic = SqlTraffic(database.engine)
    batch = settled(*(record(charged=Decimal("0.1"), endpoint="m a 0", attempts=(attempt(),)) for _ in range(3)))
    first = traffic.write(batch, "one", NOW)
    assert traffic.write(batch, "one", NOW) == first
    assert traffic.write([*batch, *batch, *settled(record(charged=Decimal(1)))], "one", NOW) == first + 1
    assert spent(database) == Decimal("1.3")
    assert (count(database, GENERATIONS), count(database, BATCHES)) == (4, 2)
    assert [row.requests for row in SqlRecords(database.engine).activity("account", 0, 10**6)] == [3]
    _, spans = traffic.spans(NOW)
    assert {(key, width): span.ok for key, width, _, span in spans} == {("m a 0", 60): 3, ("m a 0", 900): 3}


def test_batches_of_many_processes_at_once_lose_nothing_and_have_one_order(location, tmp_path):
    databases = [open_database(location) for _ in range(4)]
    numbers = []

    def spend(database) -> None:
        traffic = SqlTraffic(database.engine)
        for _ in range(10):
            batch = settled(
                *(
                    record(charged=Decimal("0.001"), endpoint="m a 0", referer="https://a.b", attempts=(attempt(),))
                    for _ in range(5)
                )
            )
            numbers.append(traffic.write(batch, "run", NOW))

    threads = [threading.Thread(target=spend, args=(each,)) for each in databases]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    traffic = SqlTraffic(databases[0].engine)
    assert sorted(numbers) == list(range(1, 41))
    assert [each.number for each in traffic.since(0)] == list(range(1, 41))
    assert spent(databases[0]) == Decimal("0.2")
    assert count(databases[0], APPS) == 1
    assert sum(span.ok for _, width, _, span in traffic.spans(NOW)[1] if width == 60) == 200
    for each in databases:
        each.close()


def test_a_killed_process_loses_no_settled_record_and_none_counts_twice(location, tmp_path):
    folder = tmp_path / "journal"
    told = 0
    for name in ("one", "two"):
        command = [sys.executable, "-c", SPENDER, location, str(folder), name]
        spender = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd())
        assert spender.stdout is not None
        for _ in range(1500):
            last = int(spender.stdout.readline())
        spender.send_signal(signal.SIGKILL)
        rest = spender.stdout.read().split()
        spender.stdout.close()
        spender.wait()
        told += int(rest[-1]) + 1 if rest else last + 1
    database = open_database(location)
    heir = ledger_on(database, folder)
    heir.start()
    heir.stop()
    kept = count(database, GENERATIONS)
    assert told <= kept <= told + 2  # a kill may come between the record and its being told
    assert spent(database) == kept * Decimal("0.000001")
    assert list(folder.glob("*.journal")) == []
    database.close()


def test_a_process_hears_of_what_a_dead_one_has_left(database, tmp_path):
    dead = ledger_on(database, tmp_path)
    dead.settle(record(charged=Decimal(1)))
    dead._journal.close()
    who = caller(key={"limit": Decimal(1)})
    heir = ledger_on(database, tmp_path)
    heir.load(who)
    heir.check(who, NOW, free=False)
    heir._tick()  # takes the dead one's file over
    heir._tick()
    with pytest.raises(PaymentRequired):
        heir.check(who, NOW, free=False)
    heir.stop()
    assert spent(database) == 1


@pytest.mark.parametrize("held", [2, 100])
def test_while_the_store_is_away_calls_go_on_and_follow_when_it_is_back(tmp_path, held):
    """Beyond `held` records they are on disk only."""
    with run_server() as server:
        where = server.create()
        upgrade(where)
        database = open_database(where, busy_seconds=2)
        ledger = ledger_on(database, tmp_path, held=held)
        who = caller(key={"limit": Decimal(1)})
        ledger.load(who)
        server.stop()
        for _ in range(4):
            ledger.check(who, NOW, free=False)
            ledger.settle(record(charged=Decimal("0.25")))
            with pytest.raises(StoreUnavailable):
                ledger.flush()
        with pytest.raises(PaymentRequired):
            ledger.check(who, NOW, free=False)
        with pytest.raises(StoreUnavailable):
            ledger.load(caller("unknown"))
        assert journalled(tmp_path) == 4
        server.start()
        late = caller("late", key={"limit": Decimal(1), "creator_user_id": None})
        ledger.settle(record(charged=Decimal(1), key_hash="late"))
        ledger.load(late)
        ledger.flush()
        for each in (who, late):
            with pytest.raises(PaymentRequired):
                ledger.check(each, NOW, free=False)
        assert (spent(database), spent(database, "late")) == (1, 1)
        ledger.stop()
        assert list(tmp_path.glob("*.journal")) == []
        database.close()


def test_without_a_disk_for_the_journal_nobody_calls_and_nothing_is_lost(tmp_path):
    """Not even what more is held back than memory should hold."""
    with run_server() as server:
        where = server.create()
        upgrade(where)
        database = open_database(where, busy_seconds=2)
        ledger = ledger_on(database, tmp_path, held=1)
        who = caller()
        ledger.load(who)
        ledger.settle(record(charged=Decimal(1)))
        server.stop()
        with files_up_to(0):
            for _ in range(3):  # calls that were under way
                ledger.settle(record(charged=Decimal(1)))
            for _ in range(2):
                with pytest.raises(StoreUnavailable, match="cannot be recorded"):
                    ledger.check(who, NOW, free=False)
                with pytest.raises(StoreUnavailable):
                    ledger._tick()
        with pytest.raises(StoreUnavailable):
            ledger._tick()
        ledger.check(who, NOW, free=False)
        assert journalled(tmp_path) == 4
        server.start()
        ledger.flush()
        assert spent(database) == 4
        ledger.stop()
        database.close()


def test_a_record_that_the_database_refuses_does_not_stop_the_others(database, tmp_path):
    poison = record(charged=Decimal(10) ** 12)  # more 10^-12 USD than 64 bits hold
    with pytest.raises(Unstorable):
        SqlTraffic(database.engine).write(settled(poison), "", NOW)
    ledger = ledger_on(database, tmp_path)
    for each in (record(charged=Decimal(1)), poison, record(charged=Decimal(2))):
        ledger.settle(each)
    ledger.flush()
    ledger.stop()
    assert spent(database) == 3
    aside = (tmp_path / REFUSED).read_bytes()
    assert msgspec.json.decode(aside)["id"] == poison.id


def test_hostile_words_are_kept_or_cleaned_on_both_databases(database):
    one = record(
        external_user="\0\U0001f600",
        session_id="'; DROP TABLE",
        referer="https://a.b",
        app_title="A\0B",
        endpoint="m a 0",
        usage=Usage(prompt_tokens=10**30),
    )
    SqlTraffic(database.engine).write(settled(one), "", NOW)
    records = SqlRecords(database.engine)
    assert records.generation("account", one.id) == (one, 1)
    assert records.generation("another", one.id) is None
    assert records.generation("account", "\0") is None
    assert [app.title for app in records.apps(0, 10**6)] == ["AB"]
    assert records.activity("account", 0, 10**6, key_hash="\0") == []


def test_what_nobody_needs_any_more_is_dropped(database):
    traffic = SqlTraffic(database.engine)
    old, new = record(created=NOW - 91 * 86_400, endpoint="m a 0"), record(endpoint="m a 0", attempts=(attempt(),))
    for each in (old, new):
        traffic.write(settled(each), "", NOW)
    traffic.prune(NOW, 90)
    assert (count(database, GENERATIONS), count(database, USAGE), count(database, SPANS)) == (1, 2, 2)
    assert count(database, BATCHES) == 2
    traffic.prune(NOW + 3600, 90)
    assert (count(database, SPANS), count(database, BATCHES)) == (1, 0)
    assert traffic.since(2) == []
    assert traffic.since(1) is None
    traffic.prune(NOW + 2 * 86_400, 90)
    assert count(database, SPANS) == 0
    assert count(database, USAGE) == 2


def test_popularity_counts_public_tokens_of_each_model(database):
    traffic = SqlTraffic(database.engine)
    used = Usage(prompt_tokens=3, completion_tokens=4)
    today = int(NOW) // 86_400
    rows = [
        {"permaslug": "a/a"},
        {"permaslug": "a/a", "created": NOW - 6 * 86_400},
        {"permaslug": "a/a", "created": NOW - 7 * 86_400},
        {"permaslug": "a/b:free"},
        {"permaslug": "a/c", "private": True},
        {"permaslug": "a/d", "zdr": True},
    ]
    traffic.write(settled(*(record(endpoint="m a 0", usage=used, **each) for each in rows)), "", NOW)
    assert traffic.popularity(today - 6) == {"a/a": 14, "a/b:free": 7}


def test_generations_are_read_a_page_at_a_time_newest_first_by_key_and_by_model(database):
    made = [
        record(id=f"gen-{number:02}", created=NOW - number // 2, key_hash=("a", "b")[number % 2], model="m/x")
        for number in range(20)
    ]
    failed = record(id="gen-99", created=NOW - 50, key_hash="a", model="", requested="m/asked")
    SqlTraffic(database.engine).write(settled(*made, failed, record(id="other", account_id="else")), "one", NOW)
    records = SqlRecords(database.engine)

    def pages(**narrowed):
        after, found = None, []
        for _ in made:
            page, after = records.generations("account", 6, after=after, **narrowed)
            found.append([one.id for one, _ in page])
            if after is None:
                break
        return found

    newest = sorted(made, key=lambda one: (one.created, one.id), reverse=True)
    everything = pages()
    assert [len(page) for page in everything] == [6, 6, 6, 3]
    assert [*chain(*everything)] == [*(one.id for one in newest), "gen-99"]
    assert [*chain(*pages(key_hash="b"))] == [one.id for one in newest if one.key_hash == "b"]
    assert [*chain(*pages(model="m/asked"))] == ["gen-99"]
    assert pages(model="m/x", key_hash="nobody") == [[]]
    assert records.generations("account", 5, key_hash="\0") == ([], None)


def test_usage_is_split_by_each_dimension_and_adds_up_to_the_same(database):
    day = int(NOW) // 86_400
    usage = Usage(prompt_tokens=10, completion_tokens=5)
    made = [
        record(
            id=f"gen-{number}",
            created=NOW - 86_400 * (number % 3),
            key_hash=("a", "b")[number % 2],
            user_id=("u", None)[number % 2],
            workspace_id="w",
            model=f"m/{number % 4}",
            endpoint="e",
            provider_name="P",
            charged=Decimal("0.000000000001") * (number + 1),
            usage=usage,
            referer=("https://one.example", None, "https://two.example")[number % 3],
            app_title=("One", None, None)[number % 3],
        )
        for number in range(24)
    ]
    SqlTraffic(database.engine).write(settled(*made), "one", NOW)
    records = SqlRecords(database.engine)
    for by in Dimension:
        rows = records.consumption("account", day - 2, day, by)
        assert sum(row.usage for row in rows) == sum(one.charged for one in made)
        assert (sum(row.requests for row in rows), sum(row.prompt_tokens for row in rows)) == (24, 240)
        assert [row.day for row in rows] == sorted(row.day for row in rows)
    names = {by: {row.name for row in records.consumption("account", day - 2, day, by)} for by in Dimension}
    assert names[Dimension.KEY] == {"a", "b"}
    assert names[Dimension.USER] == {"u", ""}
    assert names[Dimension.APP] == {"One", "", "https://two.example"}
    assert names[Dimension.MODEL] == {"m/0", "m/1", "m/2", "m/3"}
    one = records.consumption("account", day, day, Dimension.MODEL, key_hash="a", model="m/0")
    assert [(row.day, row.name, row.requests) for row in one] == [(day, "m/0", 2)]
    assert records.consumption("nobody", 0, day, Dimension.KEY) == []
