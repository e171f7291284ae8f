"""`trunkline db`, run as people run it."""

import json
import sqlite3
from contextlib import closing

from trunkline.server.adapters.store.schema import SCHEMA


def test_upgrade_makes_a_store_and_then_finds_it_up_to_date(trunkline, home):
    first, second = trunkline("db", "upgrade"), trunkline("db", "upgrade")
    assert (first.returncode, first.stdout) == (0, f"upgraded from nothing to schema {SCHEMA.newest}\n")
    assert second.stdout == f"the store is up to date (schema {SCHEMA.newest})\n"
    assert [each.name for each in home.iterdir()] == ["trunkline.db"]


def test_a_backup_can_be_checked_and_used(trunkline, home, tmp_path):
    trunkline("db", "upgrade")
    done = trunkline("db", "backup", "copy.db")
    assert (done.returncode, done.stdout) == (0, "copy.db\n")
    checked = trunkline("db", "check", "--json", TRUNKLINE_DATABASE_URL=f"sqlite:///{tmp_path / 'copy.db'}")
    report = json.loads(checked.stdout)
    assert (checked.returncode, report["problems"], report["rows"]["keys"]) == (0, [], 0)
    again = trunkline("db", "backup", "copy.db")
    assert (again.returncode, again.stderr) == (1, "trunkline: copy.db exists already\n")


def test_a_backup_is_restored_into_an_empty_home_and_no_other(trunkline, home, tmp_path):
    made = trunkline("account", "create", "acme")
    assert trunkline("db", "backup", "copy.db").returncode == 0
    refused = trunkline("db", "restore", "copy.db")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "holds data already" in refused.stderr
    new = {"TRUNKLINE_HOME": str(tmp_path / "new")}
    done = trunkline("db", "restore", "copy.db", **new)
    assert (done.returncode, done.stdout[:9], done.stderr) == (0, "restored ", "")
    assert trunkline("account", "show", "--json", **new).stdout == trunkline("account", "show", "--json").stdout != ""
    assert made.returncode == 0
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == ["trunkline.db"]


def test_a_check_of_a_store_with_a_fault_fails_and_names_it(trunkline, home):
    trunkline("db", "upgrade")
    with closing(sqlite3.connect(home / "trunkline.db")) as connection, connection:
        connection.execute("INSERT INTO accounts VALUES ('a', 'n', 'personal', 0, 'not JSON')")
    checked = trunkline("db", "check")
    assert checked.returncode == 1
    assert "account a cannot be read" in checked.stderr
    assert checked.stdout.endswith("1 problems\n")


def test_without_a_store_there_is_nothing_to_check(trunkline, home):
    checked = trunkline("db", "check")
    assert checked.returncode == 1
    assert checked.stderr == f"trunkline: {home / 'trunkline.db'} does not exist\n"
