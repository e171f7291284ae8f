"""Several processes, one limit, whatever happens in whatever order: it binds, and refuses nobody whom it pays for."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.server.adapters.memory.records import NOW, caller, record
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.domain.policy.holds import Amount, Hold
from trunkline.server.errors import PaymentRequired

UNIT = 10**9
"""In 10^-12 USD."""
LIMIT = 10
"""Units; so little that no process is ever far from it."""
PROCESSES = 3
WHO = caller(key={"limit": Decimal(LIMIT * UNIT).scaleb(-12)})
which = st.integers(0, PROCESSES - 1)
units = st.integers(1, 6)


@dataclass
class Flying:
    process: int
    hold: Hold
    units: int


class Processes(RuleBasedStateMachine):
    """What is spent of a limit, what is held of it, and by whom."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = open_database(self.folder / "trunkline.db")
        self.runner = asyncio.Runner()
        self.ledgers = [self.ledger() for _ in range(PROCESSES)]
        self.flying: list[Flying] = []
        self.spent = 0
        self.largest = 1

    def ledger(self) -> LiveLedger:
        """Start a process."""
        traffic, journal = SqlTraffic(self.database.engine), Journal(self.folder / "journal")
        ledger = LiveLedger(traffic, journal, LiveStatistics(lambda: NOW), lambda: NOW)
        ledger.load(WHO)
        return ledger

    def teardown(self) -> None:
        """End everything."""
        for ledger in self.ledgers:
            ledger.stop()
        self.runner.close()
        self.database.close()
        shutil.rmtree(self.folder)

    @property
    def held(self) -> int:
        """Units that are held in all processes."""
        return sum(each.units for each in self.flying)

    async def admit(self, process: int, amount: int) -> bool:
        """Begin a call; tell whether it was let in."""
        ledger = self.ledgers[process]
        try:
            hold = ledger.reserve(WHO, NOW, free=False, most=lambda: Amount(amount * UNIT))
            assert hold is not None
            await ledger.secure(hold)
        except PaymentRequired:
            return False
        self.flying.append(Flying(process, hold, amount))
        self.largest = max(self.largest, amount)
        return True

    @rule(process=which, amount=units)
    def one_call(self, process: int, amount: int) -> None:
        """Exactly the calls are let in that the documented comparison lets in, held money being spent."""
        fits = self.spent + self.held < LIMIT
        assert self.runner.run(self.admit(process, amount)) == fits

    @rule(calls=st.lists(st.tuples(which, units), min_size=2, max_size=8))
    def many_calls_at_once(self, calls: list[tuple[int, int]]) -> None:
        async def storm() -> list[bool]:
            return await asyncio.gather(*(self.admit(process, amount) for process, amount in calls))

        before, fits = len(self.flying), self.spent + self.held < LIMIT
        assert any(self.runner.run(storm())) == fits
        self.the_limit_is_passed_by_less_than_one_call()
        # Which of them are let in is for the threads to say, and what follows must not depend on that.
        for flying in self.flying[before:]:
            self.ledgers[flying.process].release(flying.hold)
        del self.flying[before:]
        for ledger in self.ledgers:
            ledger._tick()

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), share=st.integers(0, 4))
    def a_call_ends(self, data: st.DataObject, share: int) -> None:
        flying = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        cost = flying.units * share // 4
        ledger = self.ledgers[flying.process]
        ledger.settle(record(charged=Decimal(cost * UNIT).scaleb(-12)), flying.hold)
        self.runner.run(ledger.freed(flying.hold))
        self.spent += cost

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def a_call_comes_to_nothing(self, data: st.DataObject) -> None:
        flying = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        ledger = self.ledgers[flying.process]
        ledger.release(flying.hold)
        ledger._tick()  # what it does twice a second

    @rule(process=which)
    def time_passes(self, process: int) -> None:
        self.ledgers[process]._tick()

    @precondition(lambda self: self.spent < LIMIT)
    @rule(process=which)
    def a_process_ends_and_another_takes_its_place(self, process: int) -> None:
        """Its calls are over; what they held is free."""
        self.ledgers[process].stop()
        self.flying = [each for each in self.flying if each.process != process]
        self.ledgers[process] = self.ledger()

    @invariant()
    def the_limit_is_passed_by_less_than_one_call(self) -> None:
        assert self.spent + self.held < LIMIT + self.largest


TestProcesses = Processes.TestCase
# What fails is not made smaller: that would run for minutes.
TestProcesses.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, phases=(Phase.reuse, Phase.generate)
)
