"""Servers that are killed, and disks and databases that are away: no answer without its record, none of them twice."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from http.client import HTTPException
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.disk import files_up_to
from tests.live.wire import Site
from tests.money.shop import PRICE, PROMPT, Running, Shop, ask, eventually, shop, statuses
from tests.postgres import run_server
from tests.upstream.answers import DONE, completion, delta, streamed, usage, whole
from tests.upstream.scripted import Call, Step, Wait
from trunkline.server.adapters.store.account_tables import LEDGER
from trunkline.server.adapters.store.database import upgrade
from trunkline.server.adapters.store.traffic_tables import USAGE

CALLERS = 6
"""Connections that call all the time, half of them streamed."""
ANSWERS = 60
"""Answers after which a server is killed, with others under way."""
WHOLE = whole(completion() | {"usage": {"prompt_tokens": PROMPT, "completion_tokens": 95, "total_tokens": 100}})
STREAM = streamed(delta(content="Hel"), delta(content="lo"), delta("stop"), usage(PROMPT, 95), DONE)


def script(call: Call) -> tuple[Step, ...]:
    """Return the script of a call: a stream, or one body."""
    return STREAM if json.loads(call.body).get("stream") else WHOLE


NOWHERE = Site("127.0.0.1", 0)


class Load:
    """Calls without pause, and the ids of the answers that came whole."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._stop = threading.Event()
        self._came = threading.Condition()
        self.answered: list[str] = []

    @contextmanager
    def on(self, sites: list[Site]) -> Iterator[None]:
        """Call servers from the beginning of the block to its end; those that are gone are called no more."""
        self._stop.clear()
        with ThreadPoolExecutor(CALLERS * len(sites)) as pool:
            callers = [pool.submit(self._call, site, number) for site in sites for number in range(CALLERS)]
            try:
                yield
            finally:
                self._stop.set()
            for caller in callers:
                caller.result()

    def await_answers(self, number: int) -> None:
        """Return when so many more answers have come."""
        wanted = len(self.answered) + number
        with self._came:
            assert self._came.wait_for(lambda: len(self.answered) >= wanted, timeout=30)

    def _call(self, site: Site, number: int) -> None:
        for turn in count(number):
            if self._stop.is_set():
                return
            try:
                reply = ask(site, self._key, stream=bool(turn % 2))
            except (OSError, HTTPException):
                return  # killed in the middle, or before
            assert reply.status == 200, reply
            if reply.body.endswith(b"data: [DONE]\n\n") or json.loads(reply.body)["usage"]:
                with self._came:
                    self.answered.append(reply.headers["x-generation-id"])
                    self._came.notify_all()


def hold_to_account(made: Shop, account_id: str, answered: list[str]) -> None:
    """Check that each answer has one record, and that sums are those of the records."""
    records = {record.id: record for record in made.records(account_id)}
    assert set(answered) <= records.keys()
    assert len(answered) == len(set(answered))
    for record in records.values():
        assert record.charged >= 0
        assert min(record.usage.prompt_tokens, record.usage.completion_tokens) >= 0
    for each in answered:
        assert records[each].charged == PRICE
    charged = sum((record.charged for record in records.values()), Decimal(0))
    served = sum(bool(record.endpoint) for record in records.values())
    with made.open() as database, database.engine.connect() as connection:
        amounts = (
            connection.execute(select(LEDGER.c.usage_pico).where(LEDGER.c.account_id == account_id)).scalars().all()
        )
        requests = select(func.sum(USAGE.c.requests), func.sum(USAGE.c.usage_pico)).where(
            USAGE.c.account_id == account_id
        )
        counted = connection.execute(requests).one()
    assert min(amounts) >= 0
    assert Decimal(sum(amounts)).scaleb(-12) == charged
    assert (int(counted[0]), Decimal(int(counted[1])).scaleb(-12)) == (served, charged)


WAYS = {"sqlite, two workers": ("sqlite", 1, 6), "postgresql, two replicas": ("postgresql", 2, 3)}


@pytest.mark.parametrize("way", WAYS)
def test_servers_that_are_killed_under_load_a_dozen_times_lose_no_answer_and_count_none_twice(
    way: str, tmp_path: Path, request: pytest.FixtureRequest
):
    backend, replicas, rounds = WAYS[way]
    location = str(tmp_path / "trunkline.db") if backend == "sqlite" else request.getfixturevalue("postgres_url")
    with ExitStack() as stack:
        made = stack.enter_context(shop(tmp_path, location, workers="2" if replicas == 1 else "1"))
        made.alpha.answer(script)
        running = [stack.enter_context(made.serving(f"home{number}")) for number in range(replicas)]
        tenant = made.account(running[0].site)
        load = Load(tenant.key(limit=1000).text)
        for _ in range(rounds):
            with load.on([each.site for each in running]):
                load.await_answers(ANSWERS)
                for each in running:
                    each.kill()
            with ThreadPoolExecutor(replicas) as pool:
                list(pool.map(Running.start, running))
        assert {ask(each.site, load._key).status for each in running} == {200}
        for each in running:
            each.end()
        hold_to_account(made, tenant.account_id, load.answered)
        assert made.held() == 0
        assert [path for each in running for path in (each.home / "journal").iterdir()] == []


def test_a_postgresql_that_goes_away_costs_no_answer_and_no_record_even_of_a_server_killed_meanwhile(tmp_path: Path):
    with run_server() as server:
        location = server.create()
        upgrade(location)
        with shop(tmp_path, location) as made:
            made.alpha.answer(script)
            # Made before the server starts: it forgets its callers after each change of keys.
            account_id = made.account(NOWHERE).account_id
            known, new = made.key(account_id, limit=1000.0), made.key(account_id)
            load = Load(known)
            with made.serving() as running:
                # Or some of the callers might still be asking for their key while others have answers.
                assert ask(running.site, known).status == 200
                with load.on([running.site]):
                    load.await_answers(20)
                    server.stop()
                    load.await_answers(100)
                refused = ask(running.site, new)
                assert refused.error(503)["message"] == "The database cannot be reached at this moment"
                assert refused.headers["retry-after"] == "1"
                running.kill()
                server.start()
                running.start()
                with load.on([running.site]):
                    load.await_answers(20)
            hold_to_account(made, account_id, load.answered)


@pytest.fixture(scope="module")
def corner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, Running]]:
    """Run one server on SQLite."""
    folder = tmp_path_factory.mktemp("corner")
    with shop(folder, str(folder / "trunkline.db")) as made, made.serving() as running:
        yield made, running


def test_while_the_database_is_locked_calls_go_on_and_limits_hold_and_records_follow(corner: tuple[Shop, Running]):
    made, running = corner
    made.alpha.answer(script)
    tenant = made.account(running.site)
    load, limited = Load(tenant.key().text), tenant.key(limit=float(PRICE * 10)).text
    with load.on([running.site]):
        load.await_answers(20)
        replies = [ask(running.site, limited)]
        with closing(sqlite3.connect(made.location, isolation_level=None)) as locking:
            locking.execute("BEGIN IMMEDIATE")
            load.await_answers(100)
            with ThreadPoolExecutor(20) as pool:
                replies += pool.map(lambda _: ask(running.site, limited), range(20))
            locking.execute("ROLLBACK")
        load.await_answers(20)
    assert statuses(replies) == {200: 10, 402: 11}
    answered = [*load.answered, *(reply.headers["x-generation-id"] for reply in replies if reply.status == 200)]
    eventually(lambda: len(made.records(tenant.account_id)) == len(answered))
    hold_to_account(made, tenant.account_id, answered)


def test_on_a_full_disk_calls_under_way_end_others_are_told_to_wait_and_every_record_follows(
    corner: tuple[Shop, Running],
):
    made, running = corner
    tenant, gate = made.account(running.site), threading.Event()
    key = tenant.key().text
    made.alpha.forget()
    made.alpha.answer(lambda call: (Wait(gate), *script(call)))
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(ask, running.site, key, stream=bool(number % 2)) for number in range(4)]
        made.alpha.await_calls(4)
        with files_up_to(0, *running.workers()):
            gate.set()
            replies = [each.result() for each in calls]
            refused = ask(running.site, key)
            assert "cannot be recorded: the journal's disk" in refused.error(503)["message"]
            assert refused.headers["retry-after"] == "1"
            assert made.records(tenant.account_id) == []
    assert statuses(replies) == {200: 4}

    def is_well() -> bool:
        replies.append(ask(running.site, key))
        return replies[-1].status == 200

    eventually(is_well)
    answered = [reply.headers["x-generation-id"] for reply in replies if reply.status == 200]
    eventually(lambda: len(made.records(tenant.account_id)) == len(answered))
    hold_to_account(made, tenant.account_id, answered)
