"""Several processes and threads on one store of accounts: order, visibility, and waiting in line."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import msgspec
import pytest

from tests.tenants import Tenant, tenant
from trunkline.server.adapters.store.database import Database, open_database
from trunkline.server.adapters.store.watch import Versions
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import BadRequest
from trunkline.server.usecases import audit, keys
from trunkline.server.usecases.keys import KeyPatch

CHILD = """
import sys, time
from trunkline.server.adapters.store.database import open_database
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.usecases import keys
from trunkline.server.usecases.keys import KeyPatch
location, account_id, key_hash = sys.argv[1:]
database = open_database(location)
actor = Actor(account_id=account_id, via=Via.CLI, name="child")
for line in sys.stdin:
    keys.update(database.accounts, actor, key_hash, KeyPatch(name=line.strip()), clock=time.time)
    print("done", flush=True)
database.close()
"""


class Nothing:
    """Knows no models; these tests name none."""

    def models(self, items, path, *, routers=False):
        return tuple(items)

    providers = models


@pytest.fixture
def acme(database: Database) -> Tenant:
    return tenant(database, Nothing())


@pytest.fixture
def child(acme: Tenant, location: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that renames the key `watched` to each line it is given."""
    key = acme.key("watched")
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, location, acme.id, key.hash],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


def rename(child: subprocess.Popen[str], name: str) -> None:
    child.stdin.write(f"{name}\n")
    child.stdin.flush()
    assert child.stdout.readline() == "done\n"


def test_what_another_process_changes_is_noticed_and_so_is_a_new_catalogue(acme, child, database):
    seen: list[Versions] = []
    changed = threading.Condition()

    def notice(versions: Versions) -> None:
        with changed:
            seen.append(versions)
            changed.notify_all()

    def expect(versions: Versions) -> None:
        with changed:
            assert changed.wait_for(lambda: seen and seen[-1] == versions, timeout=10), seen

    watch = database.listen(notice)
    try:
        epoch = acme.accounts.epoch()
        expect(Versions(epoch, 0))
        rename(child, "first")
        expect(Versions(epoch + 1, 0))
        rename(child, "second")
        expect(Versions(epoch + 2, 0))
        database.catalog.commit(0, "", 7, [Change(None, Layered("", Fact(Kind.MODEL, "a/b", b"{}")))])
        expect(Versions(epoch + 2, 1))
        assert len(seen) == 4
    finally:
        watch.stop()


@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_postgres_tells_of_a_change_long_before_the_next_look(acme, child, database):
    noticed = threading.Semaphore(0)
    watch = database.listen(lambda _: noticed.release(), poll_seconds=60)
    try:
        assert noticed.acquire(timeout=10)
        time.sleep(0.5)  # until it listens; a change before that would wait for the next look
        rename(child, "first")
        assert noticed.acquire(timeout=10)
    finally:
        threading.Thread(target=watch.stop, daemon=True).start()
        rename(child, "last")  # wakes it up to end


def test_a_notice_that_fails_is_given_again(acme, database):
    tries: list[int] = []
    done = threading.Event()

    def notice(versions: Versions) -> None:
        tries.append(versions.epoch)
        if len(tries) < 3:
            raise ZeroDivisionError
        done.set()

    watch = database.listen(notice, poll_seconds=0.01)
    assert done.wait(10)
    watch.stop()
    assert tries == [acme.accounts.epoch()] * 3


def test_writers_in_many_threads_and_processes_lose_no_change(acme, child, location):
    key = acme.key("contended", limit=0)

    def write(number: int) -> None:
        mine = open_database(location)
        try:
            me = Tenant(mine, acme.id, acme.catalogued, acme.clock)
            for step in range(5):
                me.key(f"{number}.{step}")
                keys.update(me.accounts, me.actor, key.hash, KeyPatch(name=f"{number}.{step}"), clock=me.clock)
        finally:
            mine.close()

    before = acme.accounts.epoch()
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(4)]
        for number in range(5):
            rename(child, str(number))
        for each in writers:
            each.result()
    assert acme.accounts.epoch() == before + 4 * 5 * 2 + 5
    trail = audit.entries(acme.accounts, acme.id, noun="key", noun_id=key.hash)
    updates = [entry for entry in reversed(trail) if entry.before is not None]
    assert len(updates) == 20
    # Each found what the one before it left: they were one after the other.
    for earlier, later in pairwise(updates):
        assert later.before == earlier.after
    assert [entry.at for entry in updates] == sorted(entry.at for entry in updates)


def test_of_two_that_take_one_slug_at_once_one_is_refused(acme):
    barrier = threading.Barrier(4)

    def take(_: int) -> bool:
        barrier.wait()
        try:
            acme.workspace("wanted")
        except BadRequest:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [False, False, False, True]


def test_readers_do_not_wait_for_a_writer_nor_see_its_work_early(acme):
    key = acme.key("before")
    with acme.accounts.change(acme.actor, acme.clock) as store:
        store.keys.remove(acme.id, key.hash)
        assert acme.accounts.caller(key.hash).key == key
    assert acme.accounts.caller(key.hash) is None


def test_a_read_sees_one_state_whatever_is_committed_meanwhile(acme):
    key = acme.key("before")
    with acme.accounts.read() as store:
        assert store.keys.get(acme.id, key.hash) == key
        keys.delete(acme.accounts, acme.actor, key.hash, clock=acme.clock)
        assert store.keys.get(acme.id, key.hash) == key


def test_notes_of_use_from_many_threads_do_not_lock_one_another_up(acme):
    hashes = [acme.key(f"k{number}").hash for number in range(10)]

    def touch(seed: int) -> None:
        for _ in range(10):
            acme.accounts.touch(dict.fromkeys(hashes if seed % 2 else hashes[::-1], acme.clock.time))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(touch, range(4)))
    assert all(acme.accounts.caller(each).key.last_used_at for each in hashes)


@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_a_use_noted_while_a_key_is_being_changed_is_not_written_over(acme):
    key, used = acme.key(), acme.clock.time
    with acme.accounts.change(acme.actor, acme.clock) as store:
        before = store.keys.get(acme.id, key.hash)
        acme.accounts.touch({key.hash: used})
        store.keys.replace(acme.id, msgspec.structs.replace(before, name="renamed"))
    after = acme.accounts.caller(key.hash).key
    assert (after.name, after.last_used_at) == ("renamed", used)
