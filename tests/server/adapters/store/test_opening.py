"""Opening a store: what it creates, and the one line that says why it cannot."""

import sqlite3
import stat
import subprocess
import sys
import tempfile
import traceback
from contextlib import closing
from pathlib import Path

import pytest

from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import StoreUnavailable

ROW = Change(None, Layered("", Fact(Kind.MODEL, "a/b", b"{}")))


def refusal(location: str | Path, **options: float) -> str:
    with pytest.raises(StoreUnavailable) as refused:
        open_catalog_store(location, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_files_of_a_new_store_are_its_owners_alone(store, path):
    store.commit(0, "", 7, [ROW])
    files = list(path.parent.iterdir())
    assert {each.name for each in files} == {"trunkline.db", "trunkline.db-wal", "trunkline.db-shm"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


def test_an_existing_file_keeps_its_mode(store, path, open_store):
    store.close()
    path.chmod(0o640)
    open_store()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}", "sqlite+pysqlite:///{}"])
def test_a_path_and_its_urls_open_the_same_store(open_store, path, form):
    open_store(form.format(path)).commit(0, "", 7, [ROW])
    assert open_store(path).head() == 1


def test_a_file_name_may_hold_what_means_something_in_urls(open_store, tmp_path):
    strange = tmp_path / "my store?mode=ro#100%d %41 é:@.db"
    open_store(str(strange)).commit(0, "", 7, [ROW])
    assert open_store(strange).head() == 1
    assert strange.exists()


def test_connections_use_the_journal_checks_and_waiting_time_that_were_asked_for(open_store, path):
    with open_store(busy_seconds=1.5)._engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 1500}


def test_a_file_that_is_not_a_database_is_refused_by_name_and_left_alone(path):
    path.write_bytes(b"not a database at all\n" * 200)
    assert refusal(path) == f"{path} is not a catalogue database"
    assert path.read_bytes() == b"not a database at all\n" * 200


def test_another_programs_database_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name)")
    assert refusal(path) == f"{path} holds another program's tables"
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_damaged_database_is_unavailable_not_a_raw_error(store, path):
    store.commit(0, "", 7, [Change(None, Layered("", Fact(Kind.MODEL, str(n), b"x" * 900))) for n in range(500)])
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(StoreUnavailable, match="is damaged"):
        list(open_catalog_store(path).facts())


def test_a_database_of_a_newer_version_is_refused_with_both_numbers(store, path):
    store.close()
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    message = refusal(path)
    assert str(path) in message
    assert "newer Trunkline (schema 9999" in message
    assert list(path.parent.glob("*.backup")) == []


def test_a_store_locked_for_longer_than_the_busy_time_is_unavailable(open_store, path):
    store = open_store(busy_seconds=0.05)
    store.commit(0, "", 7, [ROW])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as refused:
            store.commit(1, "", 7, [])
        assert str(refused.value) == f"{path} is locked by another program"
        assert store.head() == 1
        assert len(list(store.facts())) == 1
    assert store.commit(1, "", 7, []).number == 2


def test_a_new_store_locked_by_another_program_is_unavailable(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert refusal(path, busy_seconds=0.05) == f"{path} is locked by another program"


def test_a_missing_folder_a_folder_and_a_file_as_a_folder_are_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    for bad in (tmp_path / "missing" / "x.db", tmp_path, tmp_path / "file" / "x.db"):
        assert refusal(bad).startswith(f"{bad} cannot be used: ")


READ_ONLY = """
import os, sys
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.facts import Change
from trunkline.server.errors import StoreUnavailable
import alembic.command
if os.getuid() == 0:  # to whom modes mean nothing
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    open_catalog_store(sys.argv[1]).commit(0, "", 7, [])
except StoreUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize("existing", [False, True])
def test_a_read_only_folder_is_refused_by_name(existing):
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "trunkline.db"
        if existing:
            open_catalog_store(database).close()
            database.chmod(0o444)
        Path(folder).chmod(0o555)
        answer = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(database)], capture_output=True, text=True, check=False
        )
        Path(folder).chmod(0o755)
    assert answer.stderr == ""
    assert answer.stdout.startswith(f"{database} cannot be ")
    assert answer.stdout.count("\n") == 1


@pytest.mark.parametrize("location", ["", ":memory:", "sqlite://", "sqlite:///:memory:", "a\0b"])
def test_a_store_that_would_live_in_memory_only_is_refused(location):
    assert "needs a file" in refusal(location)


@pytest.mark.parametrize(
    "location",
    [
        "postgresql://me:hunter2@127.0.0.1:1/trunkline",
        "postgres://me:hunter2@127.0.0.1:1/trunkline",
        "postgresql://me:hunter2@127.0.0.1:port/trunkline",
        "postgresql://me:hunt/er2@127.0.0.1/trunkline",
        "postgresql+asyncpg://me:hunter2@127.0.0.1:1/trunkline",
        "mysql://me:hunter2@127.0.0.1:1/trunkline",
        "nonsense://me:hunter2@[",
        "sqlite:////tmp/x.db?password=hunter2",
    ],
)
def test_no_refusal_shows_a_password(location):
    with pytest.raises(StoreUnavailable) as refused:
        open_catalog_store(location)
    shown = "".join(traceback.format_exception(refused.value))
    assert "hunt" not in shown


def test_a_store_that_is_up_to_date_opens_without_importing_alembic(store, path):
    script = (
        "import sys; from trunkline.server.adapters.store.catalog import open_catalog_store;"
        "open_catalog_store(sys.argv[1]).head(); print('alembic' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"


def test_a_file_removed_under_a_running_store_does_not_stop_the_process(store, path):
    store.commit(0, "", 7, [ROW])
    store.close()
    for each in path.parent.iterdir():
        each.unlink()
    path.mkdir()
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        store.head()
