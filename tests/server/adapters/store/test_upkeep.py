"""Backups hold everything and can be opened; a check finds what is wrong."""

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.tenants import Tenant, tenant
from trunkline.server.adapters.store.database import Database, open_database
from trunkline.server.adapters.store.upkeep import back_up, check
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import StoreUnavailable
from trunkline.server.usecases import audit

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
FACTS = [Layered("", Fact(Kind.MODEL, f"m/{number}", b'{"\xc3\xa9":1}\xff')) for number in range(2500)]


class Nothing:
    """Knows no models; these tests name none."""

    def models(self, items, path, *, routers=False):
        return tuple(items)

    providers = models


@pytest.fixture
def acme(database: Database) -> Tenant:
    made = tenant(database, Nothing())
    database.catalog.commit(0, "first", 7, [Change(None, each) for each in FACTS])
    database.catalog.commit(1, "second", 8, [Change(FACTS[7], None)])
    made.member("alice")
    key = made.key(creator_user_id="alice", limit=0.1, external={"user": "u"})
    made.assign(made.guardrail(allowed_providers=["azure"]), key.hash)
    made.spend(key, NOW, 5)
    return made


def test_a_backup_of_a_store_in_use_is_a_store_with_everything_in_it(acme, location, tmp_path):
    copy = tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    assert back_up(location, NOW, copy) == copy
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [each.name for each in copy.parent.iterdir()] == ["copy.db"]
    again = open_database(copy)
    assert list(again.catalog.facts()) == FACTS[:7] + FACTS[8:]
    assert list(again.catalog.facts(1)) == FACTS
    assert again.accounts.epoch() == acme.accounts.epoch()
    assert audit.entries(again.accounts, None) == audit.entries(acme.accounts, None)
    with acme.accounts.read() as before, again.accounts.read() as after:
        for key in before.keys.page(acme.id):
            assert again.accounts.caller(key.hash) == acme.accounts.caller(key.hash)
        hashes = [key.hash for key in before.keys.page(acme.id)]
        assert after.ledger.by_key(acme.id, hashes, NOW) == before.ledger.by_key(acme.id, hashes, NOW)
    restored = Tenant(again, acme.id, acme.catalogued, acme.clock)
    restored.key("after the restoration")
    assert again.catalog.commit(2, "third", 9, []).number == 3
    again.close()


def test_a_backup_writes_over_nothing_and_leaves_no_part_behind(acme, location, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(StoreUnavailable, match="exists already"):
        back_up(location, NOW, taken)
    assert taken.read_text() == "mine"
    with pytest.raises(StoreUnavailable):
        back_up(location, NOW, tmp_path / "missing" / "copy.db")
    assert list(tmp_path.glob("**/*partial*")) == []


def test_a_backup_without_a_name_lies_beside_the_file_or_in_the_working_folder(acme, location, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert back_up(location, NOW) == tmp_path / "trunkline.db.20260822T120000Z.backup"


def test_a_check_counts_rows_and_finds_nothing_wrong_with_a_sound_store(acme, location):
    report = check(location)
    assert report.problems == ()
    rows = {name: report.rows[name] for name in ("accounts", "keys", "facts", "revisions", "ledger")}
    assert rows == {"accounts": 1, "keys": 2, "facts": 2500, "revisions": 2, "ledger": 1}


def test_a_check_finds_documents_that_cannot_be_read(acme, location):
    with acme.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE guardrails SET document = '{\"limit_usd\": []}'")
    (problem,) = check(location).problems
    assert problem.startswith("guardrail ")
    assert "limit_usd" in problem


def test_a_check_finds_references_to_nothing_and_damaged_pages(acme, path):
    acme.database.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM guardrails")
    (problem,) = check(str(path)).problems
    assert "key_assignments" in problem
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 4))
    with pytest.raises(StoreUnavailable, match="is damaged"):
        check(str(path))


def test_what_is_not_there_is_neither_checked_nor_backed_up_nor_made(tmp_path: Path):
    missing = tmp_path / "missing.db"
    for act in (check, lambda location: back_up(location, NOW)):
        with pytest.raises(StoreUnavailable, match="does not exist"):
            act(str(missing))
    assert list(tmp_path.iterdir()) == []
