"""A backup comes back whole, on either database, and into an empty store only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.server.adapters.memory.records import NOW as MOMENT
from tests.server.adapters.memory.records import attempt, record
from tests.server.adapters.store.test_traffic import settled
from tests.server.adapters.store.test_upkeep import FACTS, NOW, Nothing
from tests.tenants import Tenant, tenant
from trunkline.server.adapters.store.copying import restore
from trunkline.server.adapters.store.database import Database, open_database
from trunkline.server.adapters.store.metadata import METADATA
from trunkline.server.adapters.store.schema import SCHEMA
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.adapters.store.upkeep import back_up, check
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import StoreUnavailable


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Database]:
    """Return a file with a catalogue, an account and traffic in it."""
    (tmp_path / "old").mkdir()
    database = open_database(tmp_path / "old" / "trunkline.db")
    made = tenant(database, Nothing())
    database.catalog.commit(0, "first", 7, [Change(None, each) for each in FACTS])
    made.member("alice")
    key = made.key(creator_user_id="alice", limit=0.1, external={"user": "ü"})
    made.assign(made.guardrail(allowed_providers=["azure"]), key.hash)
    calls = (record(endpoint="m a 0", referer="https://a.b", attempts=(attempt(),)) for _ in range(3))
    SqlTraffic(database.engine).write(settled(*calls), "run", MOMENT)
    yield database
    database.close()


def rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in METADATA.sorted_tables
        }


def test_a_store_moves_to_either_database_with_every_row_and_goes_on_counting(full, location, tmp_path):
    source = str(full.engine.url.database)
    told = restore(source, location, tmp_path)
    moved = open_database(location)
    try:
        assert rows(moved) == rows(full)
        assert told == {name: len(found) for name, found in rows(full).items()}
        assert told["facts"] == 2500
        assert check(location).problems == ()
        with moved.accounts.read() as store:
            (account,) = store.accounts.all()
        acme = Tenant(moved, account.id, Nothing())
        acme.key("one more, with an entry in the audit trail")
        more = Change(None, Layered("", Fact(Kind.MODEL, "m/more", b"{}")))
        assert moved.catalog.commit(1, "second", 8, [more]).number == 2
        call = record(endpoint="m a 0", referer="https://new.example", attempts=(attempt(),))
        SqlTraffic(moved.engine).write(settled(call), "run", MOMENT)
        assert len(rows(moved)["apps"]) == 2
    finally:
        moved.close()
    assert [each.name for each in tmp_path.glob(".restoring*")] == []


def test_a_backup_of_either_database_comes_back(location, tmp_path):
    database = open_database(location)
    tenant(database, Nothing()).key()
    before = rows(database)
    database.close()
    copy = back_up(location, NOW, tmp_path / "copy.db")
    restore(str(copy), str(tmp_path / "new.db"), tmp_path)
    again = open_database(tmp_path / "new.db")
    assert rows(again) == before
    again.close()


def test_a_store_that_holds_anything_is_not_filled(full, location, tmp_path):
    database = open_database(location)
    database.catalog.commit(0, "mine", 7, [])
    before = rows(database)
    with pytest.raises(StoreUnavailable, match=r"holds data already \(in revisions\)"):
        restore(str(full.engine.url.database), location, tmp_path)
    assert rows(database) == before
    database.close()


def test_what_is_no_store_is_not_restored_and_leaves_an_empty_one(location, tmp_path):
    with pytest.raises(StoreUnavailable, match=r"missing\.db does not exist"):
        restore(str(tmp_path / "missing.db"), location, tmp_path)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    with pytest.raises(StoreUnavailable, match="another program's tables"):
        restore(str(other), location, tmp_path)
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreUnavailable, match="is no store of Trunkline"):
        restore(str(tmp_path / "empty.db"), location, tmp_path)
    (tmp_path / "text.db").write_text("this is no database" * 100)
    with pytest.raises(StoreUnavailable):
        restore(str(tmp_path / "text.db"), location, tmp_path)
    database = open_database(location)
    assert {name for name, found in rows(database).items() if found} == {"epochs"}
    database.close()


def test_a_backup_of_an_earlier_version_is_upgraded_on_the_way_and_stays_as_it_is(location, tmp_path):
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    old = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{old}")
    config = Config()
    config.set_main_option("script_location", SCHEMA.scripts)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO revisions VALUES (1, 7, 'old', 0, 0, 0)")
    engine.dispose()
    before = old.read_bytes()
    assert restore(str(old), location, tmp_path)["revisions"] == 1
    assert old.read_bytes() == before
    assert check(location).problems == ()
