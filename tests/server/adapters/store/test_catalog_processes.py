"""Several processes on one store, and a process that dies in the middle of a commit."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered

CHILD = """
import sys
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import RevisionConflict

path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_catalog_store(path)
changes = [Change(None, Layered("", Fact(Kind.MODEL, f"{name}/{n}", b"x" * 500))) for n in range(count)]
parent = store.head()
print("ready", flush=True)
sys.stdin.readline()
try:
    print("wrote", store.commit(parent, name, 7, changes).number, flush=True)
except RevisionConflict:
    print("conflict", flush=True)
"""


def child(location, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(location), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def rows(*keys: str) -> list[Layered]:
    return [Layered("", Fact(Kind.MODEL, key, b"{}")) for key in keys]


def test_of_processes_that_commit_at_once_one_wins_and_the_others_get_a_conflict(store, location):
    children = [child(location, name, 3000) for name in ("left", "right", "middle")]
    for each in children:
        assert each.stdout.readline() == "ready\n"
    for each in children:
        each.stdin.write("go\n")
        each.stdin.flush()
    answers = [each.communicate(timeout=30)[0] for each in children]
    assert sorted(answers) == ["conflict\n", "conflict\n", "wrote 1\n"]
    (made,) = store.history()
    assert {each.fact.key for each in store.facts()} == {f"{made.title}/{number}" for number in range(3000)}


def test_processes_that_open_an_empty_store_at_once_all_get_it(location):
    children = [child(location, str(number), 1) for number in range(3)]
    for each in children:
        assert each.stdout.readline() == "ready\n"
    assert all(each.communicate("go\n", timeout=30)[0] in {"conflict\n", "wrote 1\n"} for each in children)


def test_a_process_killed_in_the_middle_of_a_commit_leaves_the_last_revision_as_it_was(store, path, open_store):
    store.commit(0, "good", 7, [Change(None, each) for each in rows("a", "b")])
    store.commit(1, "better", 8, [Change(rows("a")[0], None)])
    log = path.with_name(path.name + "-wal")
    dying = child(path, "killed", 60_000)
    assert dying.stdout.readline() == "ready\n"
    before = log.stat().st_size
    dying.stdin.write("go\n")
    dying.stdin.flush()
    while log.stat().st_size < before + 5_000_000:
        assert dying.poll() is None
        time.sleep(0.002)
    assert store.head() == 2
    os.kill(dying.pid, signal.SIGKILL)
    assert dying.communicate()[0] == ""
    assert dying.returncode == -signal.SIGKILL

    store.close()
    again = open_store()
    assert again.head() == 2
    assert list(again.facts()) == rows("b")
    assert list(again.facts(1)) == rows("a", "b")
    assert [each.title for each in again.history()] == ["better", "good"]
    assert again.commit(2, "next", 9, [Change(None, rows("c")[0])]).number == 3
    assert list(again.facts()) == rows("b", "c")
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_threads_share_one_store(store):
    done = threading.Event()

    def read() -> int:
        reads = 0
        while not done.is_set():
            head = store.head()
            assert len(list(store.facts(head))) == head
            assert len(list(store.facts())) >= head
            reads += 1
        return reads

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(read) for _ in range(8)]
        try:
            for number in range(25):
                store.commit(number, "", 7, [Change(None, each) for each in rows(f"m/{number}")])
        finally:
            done.set()
    assert sum(each.result() for each in readers) > 0
    assert store.head() == 25
