"""Limits that bind: calls at once, in one process and in several, on both databases."""

import asyncio
import os
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import event, func, select

from tests.postgres import run_server
from tests.server.adapters.memory.records import NOW, caller, guardrail, record
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.database import Database, open_database, upgrade
from trunkline.server.adapters.store.holds import EXPIRES
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.adapters.store.traffic_tables import HOLDS
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.charge import ACCOUNT, KEY, MEMBER, Scope
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.errors import Forbidden, PaymentRequired

T = TypeVar("T")
COST = Amount(100_000_000)
"""What one call holds: 0.0001 USD."""
TEN = Decimal("0.001")
"""What ten calls cost."""


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


Start = Callable[..., LiveLedger]
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(database: Database, tmp_path: Path, clock: Clock) -> Start:
    """Start processes on one store."""
    return lambda **options: ledger_on(database, tmp_path, clock, **options)


@pytest.fixture
def run() -> Iterator[Run]:
    """Run coroutines in one event loop, as a process has it."""
    with asyncio.Runner() as runner:
        yield runner.run


def ledger_on(database: Database, folder: Path, clock: Clock, **options: object) -> LiveLedger:
    journal = Journal(folder / "journal")
    return LiveLedger(SqlTraffic(database.engine), journal, LiveStatistics(clock), clock, **options)


def take(ledger: LiveLedger, who: Caller, amount: Amount = COST, *, free: bool = False) -> Hold | None:
    return ledger.reserve(who, NOW, free=free, most=lambda: amount)


async def admitted(ledger: LiveLedger, who: Caller, amount: Amount = COST) -> Hold | None:
    """Begin a call; return its hold, None where it is refused."""
    try:
        hold = take(ledger, who, amount)
        assert hold is not None
        await ledger.secure(hold)
    except (PaymentRequired, Forbidden):
        return None
    return hold


async def finish(ledger: LiveLedger, hold: Hold, usd: str, **fields: object) -> None:
    ledger.settle(record(charged=Decimal(usd), created=NOW, **fields), hold)
    await ledger.freed(hold)


def rows(database: Database) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(HOLDS)) or 0


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Give what the database is asked while the block lasts."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


UNDER = {
    "a key limit": ({"key": {"limit": TEN}}, PaymentRequired),
    "a budget of the key's guardrail": ({"key_guardrail": guardrail(str(TEN), "daily")}, Forbidden),
    "a budget of a member": (
        {"key": {"creator_user_id": "u"}, "member_guardrail": guardrail(str(TEN), "monthly")},
        Forbidden,
    ),
    "credits": ({}, PaymentRequired),
}


@pytest.mark.parametrize("under", UNDER)
def test_of_64_calls_at_once_in_two_processes_ten_are_let_in_where_ten_are_paid_for(database, start, under, run):
    fields, _ = UNDER[under]
    options = {"credits_usd": TEN} if under == "credits" else {}
    processes = [start(**options), start(**options)]
    who = caller(**fields)
    for each in processes:
        each.load(who)

    async def storm() -> None:
        calls = [processes[number % 2] for number in range(64)]
        held = await asyncio.gather(*(admitted(each, who) for each in calls))
        taken = [(each, hold) for each, hold in zip(calls, held, strict=True) if hold is not None]
        assert len(taken) == 10
        # Each costs half of what was held: five more are paid for, and then no more.
        spender = {"user_id": "u"} if under == "a budget of a member" else {}
        for each, hold in taken:
            await finish(each, hold, "0.00005", **spender)
        held = await asyncio.gather(*(admitted(each, who) for each in calls))
        taken = [(each, hold) for each, hold in zip(calls, held, strict=True) if hold is not None]
        assert len(taken) == 5
        for each, hold in taken:
            await finish(each, hold, "0.0001", **spender)
        assert [await admitted(each, who) for each in processes] == [None, None]

    run(storm())
    with pytest.raises(UNDER[under][1]):
        processes[0].check(who, NOW, free=False)
    for each in processes:
        each.stop()
    assert rows(database) == 0


def test_one_call_after_another_is_let_in_until_the_limit_is_reached_whichever_process_it_comes_to(start, run):
    """Though far more is held for each than it costs, and nothing is written in between by itself."""
    processes = [start(), start(), start()]
    who = caller(key={"limit": TEN})
    for each in processes:
        each.load(who)
    chance = random.Random(7)

    async def calls() -> int:
        served = 0
        while True:
            ledger = chance.choice(processes)
            hold = await admitted(ledger, who, Amount(8 * COST.usage))
            if hold is None:
                return served
            served += 1
            await finish(ledger, hold, "0.0001")

    assert run(calls()) == 10
    for each in processes:
        each.stop()


def test_a_call_that_comes_to_nothing_leaves_room_for_another(database, start, run):
    ledger, who = start(), caller(key={"limit": TEN})
    ledger.load(who)

    async def calls() -> None:
        held = [await admitted(ledger, who) for _ in range(11)]
        assert held.pop() is None
        for hold in held[:3]:
            assert hold is not None
            ledger.release(hold)
            ledger.release(hold)
        again = await asyncio.gather(*(admitted(ledger, who) for _ in range(10)))
        assert sum(hold is not None for hold in again) == 3

    run(calls())
    ledger.stop()
    assert rows(database) == 0


def test_a_call_that_is_cancelled_while_it_asks_holds_nothing(database, start, run):
    ledger, who = start(), caller(key={"limit": TEN})
    ledger.load(who)

    async def calls() -> None:
        held = take(ledger, who)
        assert held is not None
        asking = asyncio.ensure_future(ledger.secure(held))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        ledger.release(held)
        found = await asyncio.gather(*(admitted(ledger, who) for _ in range(11)))
        assert sum(hold is not None for hold in found) == 10

    run(calls())
    ledger.stop()


def test_what_a_killed_process_held_is_free_after_two_minutes(database, start, clock, run):
    killed, living = start(), start()
    who = caller(key={"limit": TEN})
    for each in (killed, living):
        each.load(who)

    async def call(ledger: LiveLedger) -> bool:
        return await admitted(ledger, who) is not None

    assert [run(call(killed)) for _ in range(10)] == [True] * 10
    assert not run(call(living))
    clock.now += EXPIRES.total_seconds() - 1
    assert not run(call(living))
    clock.now += 1
    assert run(call(living))
    living.stop()
    living._traffic.prune(clock(), 90)
    assert rows(database) == 0
    killed._journal.close()


def test_what_a_killed_process_held_is_free_as_soon_as_its_journal_is_replayed(database, start, run):
    killed, living = start(), start()
    who = caller(key={"limit": TEN})
    for each in (killed, living):
        each.load(who)
    assert all(run(admitted(killed, who)) for _ in range(10))
    living._recover()
    assert run(admitted(living, who)) is None
    os.close(killed._journal._segment.descriptor)  # as the end of the process would
    living._recover()
    assert rows(database) == 0
    assert run(admitted(living, who)) is not None
    living.stop()


def test_what_is_still_held_does_not_expire(start, clock, run):
    holder, other = start(), start()
    who = caller(key={"limit": TEN})
    for each in (holder, other):
        each.load(who)

    async def fill() -> None:
        for _ in range(10):
            assert await admitted(holder, who) is not None

    run(fill())
    for _ in range(5):
        clock.now += EXPIRES.total_seconds() / 2
        holder._tick()
    assert run(admitted(other, who)) is None
    holder.stop()
    assert run(admitted(other, who)) is not None
    other.stop()


def test_far_from_a_limit_and_without_one_nobody_is_asked(database, start, run):
    ledger = start()
    limited, free = caller("limited", key={"limit": Decimal(1)}), caller("free")
    for each in (limited, free):
        ledger.load(each)

    async def calls() -> None:
        for _ in range(100):
            assert take(ledger, free) is None
            hold = await admitted(ledger, limited)
            assert hold is not None
            await finish(ledger, hold, "0.0001", key_hash="limited")

    with statements(database) as asked:
        run(calls())
    assert asked == []
    ledger.stop()


def test_a_free_call_holds_nothing_and_asks_nobody(database, start, run):
    ledger, who = start(credits_usd=TEN), caller(key={"limit": TEN})
    ledger.load(who)
    with statements(database) as asked:
        run(admitted(ledger, who, Amount()))
    assert asked == []
    ledger.stop()


def test_calls_on_own_keys_are_held_where_they_count(start, run):
    ledger = start()
    counted = caller("counted", key={"limit": TEN, "include_byok_in_limit": True})
    other = caller("other", key={"limit": TEN})
    own = Amount(0, COST.usage)

    async def count(who: Caller) -> int:
        ledger.load(who)
        return sum([await admitted(ledger, who, own) is not None for _ in range(20)])

    assert run(count(counted)) == 10
    assert run(count(other)) == 20
    ledger.stop()


def test_a_refusal_says_what_is_held(start):
    ledger, who = start(), caller(key={"limit": TEN, "limit_reset": "monthly"})
    ledger.load(who)
    for _ in range(10):
        take(ledger, who)
    with pytest.raises(PaymentRequired) as raised:
        take(ledger, who)
    assert raised.value.message.startswith("Key limit exceeded (monthly limit). ")
    assert "$0.001 of it is held for calls under way" in raised.value.message
    ledger.stop()


def test_while_the_store_is_away_a_process_holds_its_calls_to_what_it_knows(tmp_path, clock, run):
    with run_server() as server:
        where = server.create()
        upgrade(where)
        database = open_database(where, busy_seconds=2)
        ledger, who = ledger_on(database, tmp_path, clock), caller(key={"limit": TEN})
        ledger.load(who)
        server.stop()

        async def calls() -> None:
            held = await asyncio.gather(*(admitted(ledger, who) for _ in range(64)))
            taken = [hold for hold in held if hold is not None]
            assert len(taken) == 10
            for hold in taken:
                await finish(ledger, hold, "0.0001")
            assert await admitted(ledger, who) is None

        run(calls())
        server.start()
        ledger.stop()
        assert rows(database) == 0
        database.close()


def test_the_scopes_of_a_hold_are_those_that_have_a_limit(start):
    ledger = start(credits_usd=Decimal(1))
    who = caller(key={"limit": Decimal(1), "creator_user_id": "u"}, member_guardrail=guardrail("1"))
    ledger.load(who)
    hold = take(ledger, who)
    assert hold is not None
    assert set(hold.scopes) == {Scope(KEY, "account", "key"), Scope(MEMBER, "account", "u"), Scope(ACCOUNT, "account")}
    ledger.stop()


def test_holds_beyond_any_number_that_a_database_has_add_up(database):
    traffic, scope = SqlTraffic(database.engine), Scope(KEY, "account", "key")
    for run in ("one", "two"):
        with traffic.turn(run, NOW) as turn:
            turn.hold({scope: Amount(10**30, 7)})
    with traffic.turn("three", NOW) as turn:
        assert turn.held({scope}) == {scope: Amount(2 * (2**63 - 1), 14)}
