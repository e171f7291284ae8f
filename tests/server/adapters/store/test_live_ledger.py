"""The ledger on real stores: limits in their order, several processes, a store that goes away."""

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tests.server.adapters.memory.records import MOMENT, NOW, attempt, caller, guardrail, record, workspace
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.spending import Tally
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.store.account_tables import ACCOUNTS, BUDGETS, GUARDRAILS, WORKSPACES
from trunkline.server.adapters.store.database import Database
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.charge import Charge
from trunkline.server.domain.policy.spend import Spent
from trunkline.server.errors import Forbidden, PaymentRequired, StoreUnavailable

DAY = 86_400


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Process:
    """What one worker process has: a ledger, statistics and a journal, on a store that all share."""

    def __init__(self, database: Database, folder: Path, clock: Clock, **options: object) -> None:
        self.clock = clock
        self.statistics = LiveStatistics(clock)
        self.journal = Journal(folder)
        self.traffic = SqlTraffic(database.engine)
        self.ledger = LiveLedger(self.traffic, self.journal, self.statistics, clock, **options)

    def spend(self, usd: str, **fields: object) -> None:
        self.ledger.settle(record(charged=Decimal(usd), created=self.clock(), **fields))

    def refusal(self, who: Caller, *, free: bool = False) -> tuple[type, str] | None:
        self.ledger.load(who)
        try:
            self.ledger.check(who, self.clock(), free=free)
        except (PaymentRequired, Forbidden) as error:
            return type(error), error.message
        return None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Process]]:
    """Start processes on one store; each keeps its journal in one folder."""
    started = []

    def start_one(**options: object) -> Process:
        started.append(Process(database, tmp_path / "journal", clock, **options))
        return started[-1]

    yield start_one
    for each in started:
        each.journal.close()


def budget(database: Database, **limits: str) -> None:
    """Give the workspace `w` of the account `account` budgets."""
    with database.engine.begin() as connection:
        connection.execute(
            insert(ACCOUNTS),
            [{"id": "account", "name": "A", "kind": "organization", "created_at": MOMENT, "document": "{}"}],
        )
        row = {"id": "w", "account_id": "account", "name": "W", "slug": "w", "default_guardrail_id": "d"}
        connection.execute(insert(WORKSPACES), [row | {"created_at": MOMENT, "document": "{}"}])
        rows = [
            {"id": f"b{name}", "account_id": "account", "workspace_id": "w", "interval": name}
            | {"limit_usd": Decimal(limit), "created_at": MOMENT, "updated_at": MOMENT}
            for name, limit in limits.items()
        ]
        connection.execute(insert(BUDGETS), rows)
        assert GUARDRAILS is not None


def test_a_key_limit_that_is_reached_is_402_from_the_next_call_on(start):
    process, who = start(), caller(key={"limit": Decimal(1), "limit_reset": "monthly"})
    process.spend("0.999999999999")
    assert process.refusal(who) is None
    process.spend("0.000000000001")
    kind, text = process.refusal(who)
    assert kind is PaymentRequired
    assert text.startswith("Key limit exceeded (monthly limit).")


def test_limits_reset_with_their_window(start, clock):
    process = start()
    who = caller(key={"limit": Decimal(1), "limit_reset": "weekly"})
    process.spend("1")
    assert process.refusal(who)
    process.ledger.flush()
    clock.now = NOW + DAY  # Sunday of the same week
    assert process.refusal(who)
    clock.now = NOW + 2 * DAY  # Monday
    assert process.refusal(who) is None
    assert start().refusal(who) is None  # for a process that reads it from the store, too


def test_budgets_are_checked_in_the_order_of_their_layers(database, start):
    budget(database, monthly="500", weekly="1", daily="0.5")
    process = start()
    layers = {
        "workspace": workspace(),
        "default_guardrail": guardrail("1", "daily"),
        "member_guardrail": guardrail("1", "monthly"),
        "key_guardrail": guardrail("1"),
    }
    key = {"limit": Decimal(1), "creator_user_id": "u", "workspace_id": "w"}
    process.spend("1", user_id="u", workspace_id="w")
    told = []
    for name in (None, "default_guardrail", "member_guardrail", "key_guardrail", "workspace"):
        layers.pop(name, None)
        told.append(process.refusal(caller(key=key, **layers)))
    assert told == [
        (Forbidden, "Workspace member daily budget of $1.00 exceeded. Contact your org admin."),
        (Forbidden, "Member monthly budget of $1.00 exceeded. Contact your org admin."),
        (Forbidden, "API key lifetime budget of $1.00 exceeded. Contact your org admin."),
        (Forbidden, "Workspace weekly budget of $1.00 exceeded. Contact your org admin."),
        (PaymentRequired, "Key limit exceeded (total limit). Raise the limit of the key, or wait until it resets."),
    ]


def test_a_member_budget_counts_all_keys_of_the_member_and_a_key_budget_one(start):
    process = start()
    process.spend("15", key_hash="A", user_id="u")
    process.spend("10", key_hash="B", user_id="u")
    for name in "AB":
        mine = {"creator_user_id": "u"}
        assert process.refusal(caller(name, key=mine, key_guardrail=guardrail("20"))) is None
        assert process.refusal(caller(name, key=mine, member_guardrail=guardrail("20")))


def test_calls_on_own_keys_count_only_where_they_are_included(start):
    process = start()
    process.spend("0", is_byok=True, prompt_cost=Decimal(1), completion_cost=Decimal(1))
    assert process.refusal(caller(key={"limit": Decimal(1)})) is None
    assert process.refusal(caller(key={"limit": Decimal(2), "include_byok_in_limit": True}))
    assert process.refusal(caller(key={"limit": Decimal("2.1"), "include_byok_in_limit": True})) is None


@pytest.mark.parametrize(
    ("credits_usd", "free", "refused"),
    [(None, False, False), ("1", False, True), ("1", True, False), ("0.99", True, True), ("1.01", False, False)],
)
def test_credits_are_unlimited_unless_set_and_an_empty_account_calls_what_is_free(start, credits_usd, free, refused):
    process = start(credits_usd=None if credits_usd is None else Decimal(credits_usd))
    process.spend("1", key_hash="another key of the account")
    found = process.refusal(caller(), free=free)
    assert found == ((PaymentRequired, "Insufficient credits") if refused else None)


def test_nothing_is_let_through_of_which_nothing_is_known(start):
    with pytest.raises(StoreUnavailable):
        start().ledger.check(caller(), NOW, free=False)


def test_a_record_is_settled_once(database, start):
    process, who = start(), caller(key={"limit": Decimal(2)})
    process.ledger.load(who)
    one = record(charged=Decimal(1))
    for _ in range(3):
        process.ledger.settle(one)
    process.ledger.check(who, NOW, free=False)
    process.ledger.flush()
    process.ledger.settle(one)
    process.ledger.flush()
    assert start().refusal(who) is None
    with database.accounts.read() as store:
        assert store.ledger.by_key("account", ["key"], MOMENT)["key"].usage == 1


def test_processes_see_what_each_other_spent_and_learned(start):
    one, two = start(), start()
    who = caller(key={"limit": Decimal(3)})
    for process in (one, two):
        process.ledger.load(who)
    one.spend("2", attempts=(attempt(), attempt(endpoint="m b 0", status=500, ok=False)))
    two.spend("1", attempts=(attempt(endpoint="m b 0", status=500, ok=False),))
    for process in (one, two, one):
        process.ledger.flush()
    for process in (one, two):
        assert process.refusal(who)
        seen = process.statistics.statistics(NOW)
        assert seen["m b 0"].failures_30s == 2
        assert seen["m a 0"].requests_30m == 1


def test_what_is_not_written_yet_counts_for_a_caller_who_is_met_later(start):
    process = start()
    process.spend("1")
    assert process.refusal(caller(key={"limit": Decimal(1)}))
    process.ledger.flush()
    assert process.refusal(caller(key={"limit": Decimal(1)}))
    assert process.refusal(caller(key={"limit": Decimal("1.5")})) is None


def test_a_process_that_slept_too_long_reads_all_sums_anew(start, clock):
    sleeper, worker = start(), start()
    who = caller(key={"limit": Decimal(10)})
    sleeper.ledger.load(who)
    sleeper.ledger.flush()
    for _ in range(10):
        worker.spend("1")
        worker.ledger.flush()
        clock.now += 3600
        worker.traffic.prune(clock(), 90)
    assert not sleeper.refusal(who)
    sleeper.ledger.flush()
    assert sleeper.refusal(who)


def test_statistics_survive_a_restart(start, clock):
    one = start()
    one.spend("1", attempts=(attempt(first_token_ms=120.0, streaming_ms=880.0, output_tokens=50),))
    one.spend("1", attempts=(attempt(status=429, ok=False, counts=False, rate_limited=True, retry_after=3000),))
    one.ledger.start()
    one.ledger.stop()
    clock.now += 1800 + 120
    two = start()
    two.ledger.start()
    try:
        seen = two.statistics.statistics(clock())["m a 0"]
    finally:
        two.ledger.stop()
    assert seen.latency is not None
    assert (seen.latency.p50, seen.latency_30m, seen.uptime_1d) == (120.0, None, 100.0)
    assert seen.throughput is not None
    assert (seen.throughput.p50, seen.cooling_until) == (50.0, NOW + 3000)


def test_a_ledger_that_runs_writes_by_itself_and_answers_for_new_callers(database, start):
    process = start()
    process.ledger.start()
    try:
        process.spend("1")
        who = caller(key={"limit": Decimal(1)})
        with pytest.raises(StoreUnavailable):
            process.ledger.check(who, NOW, free=False)
        waited, written, refused = threading.Event(), False, False
        for _ in range(200):
            try:
                process.ledger.check(who, NOW, free=False)
            except PaymentRequired:
                refused = True
            except StoreUnavailable:
                refused = False  # its spending is still being read
            with database.accounts.read() as store:
                written = store.ledger.by_key("account", ["key"], MOMENT)["key"].usage == 1
            if written and refused:
                return
            waited.wait(0.05)
        pytest.fail(f"after ten seconds: written {written}, refused {refused}")
    finally:
        process.ledger.stop()


charges = st.tuples(st.integers(0, 70), st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 1))


@given(st.lists(charges, max_size=30), st.integers(0, 80))
@settings(max_examples=200)
def test_a_tally_agrees_with_the_sums_by_day(found, last):
    """Whatever the order in which charges come, windows hold what lies between their start and the last day."""
    first = int(NOW) // DAY
    tally = Tally(Spent(), 0, first)
    for day, usage, byok, free in found:
        tally.add(first + day, Charge(usage, byok, free))
    today = first + max([last, *(day for day, *_ in found)])
    spent = tally.spent(today)
    date = MOMENT.fromtimestamp(today * DAY, MOMENT.tzinfo).date()
    starts = {"usage_daily": today, "usage_weekly": today - date.weekday(), "usage_monthly": today - date.day + 1}
    assert spent.usage == Decimal(sum(usage for _, usage, _, _ in found)).scaleb(-12)
    for name, start in starts.items():
        expected = sum(usage for day, usage, _, _ in found if first + day >= start)
        assert getattr(spent, name) == Decimal(expected).scaleb(-12)
        expected = sum(byok for day, _, byok, _ in found if first + day >= start)
        assert getattr(spent, f"byok_{name}") == Decimal(expected).scaleb(-12)
    assert spent.free_requests_daily == sum(free for day, _, _, free in found if first + day == today)
