"""A store that cannot be reached is unavailable: never an error of another kind, and never an unknown key."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest
from sqlalchemy import event

from tests.postgres import Server, run_server
from tests.tenants import Clock, Tenant, tenant
from trunkline.server.adapters.store.callers import CALLER
from trunkline.server.adapters.store.database import Database, open_database, upgrade
from trunkline.server.adapters.store.engine import SERVER_CONNECTIONS
from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.errors import StoreUnavailable
from trunkline.server.usecases import keys
from trunkline.server.usecases.keys import KeyPatch


class Nothing:
    """Knows no models; these tests name none."""

    def models(self, items, path, *, routers=False):
        return tuple(items)

    providers = models


@pytest.fixture
def acme(database: Database) -> Tenant:
    return tenant(database, Nothing())


@pytest.fixture
def own_server() -> Iterator[Server]:
    """Run a server that the test may stop."""
    with run_server() as server:
        yield server


def acts(acme: Tenant, key_hash: str):
    yield acme.accounts.epoch
    yield lambda: acme.accounts.caller(key_hash)
    yield lambda: acme.accounts.touch({key_hash: acme.clock.time})
    yield lambda: keys.get(acme.accounts, acme.id, key_hash, clock=acme.clock)
    yield lambda: keys.update(acme.accounts, acme.actor, key_hash, KeyPatch(name="n"), clock=acme.clock)


def test_while_its_server_is_down_everything_is_unavailable_and_afterwards_works_again(own_server):
    url = own_server.create_prepared()
    database = open_database(url, busy_seconds=2)
    acme = tenant(database, Nothing())
    key = acme.key()
    seen: list[int] = []
    moved = threading.Condition()

    def notice(versions) -> None:
        with moved:
            seen.append(versions.epoch)
            moved.notify_all()

    watch = database.listen(notice, poll_seconds=0.05)
    own_server.stop()
    for act in acts(acme, key.hash):
        with pytest.raises(StoreUnavailable) as refused:
            act()
        assert "\n" not in refused.value.message
    with pytest.raises(StoreUnavailable):
        open_database(url, busy_seconds=2)
    own_server.start()
    for act in acts(acme, key.hash):
        act()
    epoch = acme.accounts.epoch()
    with moved:
        assert moved.wait_for(lambda: seen and seen[-1] == epoch, timeout=10), (seen, epoch)
    watch.stop()
    database.close()


def test_a_server_that_takes_no_more_connections_is_unavailable(own_server):
    url = own_server.create_prepared()
    own_server.stop()
    own_server.start("-c", "max_connections=4", "-c", "superuser_reserved_connections=0", "-c", "max_wal_senders=0")
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(psycopg.connect(url))
        with pytest.raises(StoreUnavailable, match="takes no more connections"):
            open_database(url, busy_seconds=2)
    open_database(url).close()


def test_more_callers_than_connections_wait_in_line_and_none_is_refused(postgres_url):
    database = open_database(postgres_url)
    acme = tenant(database, Nothing())
    key, most = acme.key(), []
    lock = threading.Lock()

    def ask(_: int) -> None:
        assert acme.accounts.caller(key.hash).key == key
        with lock:
            most.append(database.engine.pool.checkedout())

    with ThreadPoolExecutor(SERVER_CONNECTIONS * 6) as pool:
        list(pool.map(ask, range(300)))
    assert max(most) <= SERVER_CONNECTIONS
    database.close()


def test_a_caller_that_finds_no_connection_in_time_is_told_that_the_store_is_busy(postgres_url):
    database = open_database(postgres_url, busy_seconds=0.2)
    acme = tenant(database, Nothing())
    with ExitStack() as stack:
        for _ in range(SERVER_CONNECTIONS):
            stack.enter_context(acme.accounts.read()).accounts.all()
        with pytest.raises(StoreUnavailable, match="every connection is in use"):
            acme.accounts.epoch()
    assert acme.accounts.epoch() == 1
    database.close()


def test_a_writer_that_waits_too_long_for_another_is_told_so(location):
    database = open_database(location, busy_seconds=0.2)
    acme = tenant(database, Nothing())
    with acme.accounts.change(acme.actor, acme.clock), pytest.raises(StoreUnavailable, match="is locked by another"):
        acme.key()
    acme.key()
    database.close()


def test_a_damaged_file_is_unavailable_not_an_unknown_key(acme, path):
    key = acme.key()
    for number in range(50):
        acme.guardrail(f"g{number}", description="d" * 500)
    acme.database.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (path.stat().st_size - 8192))
    again = Tenant(acme.database, acme.id, acme.catalogued, Clock())
    with pytest.raises(StoreUnavailable):
        again.accounts.caller(key.hash)


HOSTILE = ["", " ", "'", '"', "'; DROP TABLE keys; --", "%s %(hash)s :hash ?1 $1", "\\", "nul\0", "\ud800", "é" * 5000]


def test_no_text_of_a_request_becomes_part_of_a_statement(acme):
    statements: set[str] = set()
    event.listen(acme.database.engine, "before_cursor_execute", lambda _c, _cur, text, *_: statements.add(text))

    def statements_of(text: str) -> set[str]:
        statements.clear()
        assert acme.accounts.caller(text) is None
        with acme.accounts.read() as store:
            assert store.keys.get(acme.id, text) is None
            assert store.guardrails.page(acme.id, where={"workspace_id": text}) == []
            assert store.workspaces.count(text, where={"slug": text}) == 0
            assert store.accounts.get(text) is None
        return set(statements)

    ordinary = statements_of("f" * 64)
    for text in HOSTILE:
        assert statements_of(text) <= ordinary


def test_a_caller_is_looked_up_along_indexes_alone(acme, path):
    acme.member("alice")
    key, guardrail = acme.key(creator_user_id="alice"), acme.guardrail()
    acme.assign(guardrail, key.hash)
    acme.patch_guardrail(default_guardrail_id(acme.default_workspace))
    statement = str(CALLER.compile(acme.database.engine))
    acme.database.close()
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", (key.hash,))]
    assert len(plan) == 9
    assert all(step.startswith("SEARCH ") for step in plan), plan


def test_a_server_database_that_is_behind_is_refused_with_the_command(empty_url):
    with pytest.raises(StoreUnavailable, match="has no tables yet: run `trunkline db upgrade`"):
        open_database(empty_url)
    assert upgrade(empty_url).before is None
    open_database(empty_url).close()
