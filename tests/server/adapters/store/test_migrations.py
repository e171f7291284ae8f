"""The migrations lead to the tables that the code uses, and an upgrade keeps what was there."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

from trunkline.server.adapters.store import migrations
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.adapters.store.database import open_database, upgrade
from trunkline.server.adapters.store.engine import create, read_location
from trunkline.server.adapters.store.generations import SqlRecords
from trunkline.server.adapters.store.metadata import METADATA
from trunkline.server.adapters.store.schema import SCHEMA, Schema
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.adapters.store.upkeep import check
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import StoreUnavailable
from trunkline.server.usecases.accounts import bootstrap

NEXT = '''"""A migration of a later version."""
import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("revisions", sa.Column("actor", sa.Text(), nullable=True))
    {more}
'''


def definitions(path: Path) -> dict[str, list[str]]:
    """Return the words of every table's and index's definition, sorted: constraints may come in any order."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(re.findall(r"[^\s,()]+", sql)) for name, sql in rows if name != "alembic_version"}


def later(folder: Path, more: str = "") -> Schema:
    """Return a schema that is one migration ahead of this version's."""
    scripts = folder / "100% later"
    shutil.copytree(Path(migrations.__file__).parent, scripts)
    (scripts / "versions" / "0099_actor.py").write_text(NEXT.format(newest=SCHEMA.newest, more=more))
    return Schema((*SCHEMA.versions, "0099"), str(scripts))


def test_upgrading_from_nothing_gives_exactly_the_tables_of_the_code(store, tmp_path, path):
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    METADATA.create_all(fresh)
    fresh.dispose()
    # Alembic's comparison does not look at the conditions of partial indexes; SQLite's own record does.
    assert definitions(path) == definitions(tmp_path / "fresh.db")


def test_the_code_names_every_migration_in_its_folder():
    config = Config()
    config.set_main_option("script_location", SCHEMA.scripts)
    found = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in found)[::-1] == SCHEMA.versions


def test_an_upgrade_keeps_the_data_and_leaves_a_backup_named_after_the_old_schema(store, path, open_store, tmp_path):
    facts = [Layered("", Fact(Kind.MODEL, f"m/{number}", b"{}")) for number in range(50)]
    store.commit(0, "before", 7, [Change(None, each) for each in facts])

    upgraded = open_store(schema=later(tmp_path))
    assert list(upgraded.facts()) == facts
    assert "actor" in definitions(path)["revisions"]

    backup = path.with_name(f"{path.name}.{SCHEMA.newest}.backup")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert "actor" not in definitions(backup)["revisions"]
    assert list(open_store(backup).facts()) == facts
    assert [each.name for each in path.parent.glob("*.partial")] == []


def test_a_new_store_and_one_that_is_up_to_date_are_not_backed_up(open_store, path, tmp_path):
    schema = later(tmp_path)
    open_store(schema=schema)
    open_store(schema=schema)
    assert list(tmp_path.glob("*.backup")) == []


def test_an_older_version_refuses_a_store_that_was_upgraded(open_store, tmp_path, path):
    open_store(schema=later(tmp_path)).close()
    with pytest.raises(StoreUnavailable, match=f"{path.name} was written by a newer Trunkline"):
        open_catalog_store(path)


def test_an_upgrade_that_fails_half_way_changes_nothing(store, path, tmp_path):
    store.commit(0, "before", 7, [])
    store.close()
    before = definitions(path)
    broken = later(tmp_path, more='op.execute("SELECT * FROM nowhere")')
    with pytest.raises(StoreUnavailable, match="nowhere"):
        open_catalog_store(path, schema=broken)
    assert definitions(path) == before
    assert open_catalog_store(path).head() == 1


FACTS_0001 = """
INSERT INTO revisions VALUES (1, 7, 'first', 2, 0, 0);
INSERT INTO facts (layer, kind, key, position, wire, notes, source, first_revision, last_revision) VALUES
  ('', 'model', 'a/b', 4294967296, '{"a": 1}', '{}', 'x', 1, NULL),
  ('', 'provider', 'p', 4294967297, '{"b": "2"}', '{}', 'x', 1, NULL);
"""
ACCOUNTS_0002 = """
INSERT INTO accounts VALUES ('acc', 'Acme', 'organization', 1787400000000000, '{"regions":["eu"]}');
INSERT INTO members VALUES ('acc', 'alice', 'a@b', 'org:member', 1787400000000000, NULL, 'A');
INSERT INTO workspaces VALUES
  ('w', 'acc', 'W', 'w', 'dg', 1787400000000000, NULL, '{"default_provider_sort":"price"}');
INSERT INTO workspace_members VALUES ('wm', 'acc', 'w', 'alice', 'member', 1787400000000000);
INSERT INTO budgets VALUES ('b', 'acc', 'w', 'daily', '0.1', 1787400000000000, 1787400000000000);
INSERT INTO keys (hash, account_id, name, label, created_at, is_management, workspace_id, disabled, "limit",
    include_byok_in_limit, creator_user_id) VALUES
  ('h', 'acc', 'K', 'sk', 1787400000000000, FALSE, 'w', FALSE, '12.5', TRUE, 'alice');
INSERT INTO guardrails VALUES ('g', 'acc', 'w', 'G', 1787400000000000, NULL,
  '{"allowed_providers":["azure"],"limit_usd":"5","reset_interval":"daily"}');
INSERT INTO key_assignments VALUES ('ka', 'acc', 'h', 'g', NULL, 1787400000000000);
INSERT INTO member_assignments VALUES ('ma', 'acc', 'alice', 'g', NULL, 1787400000000000);
INSERT INTO ledger VALUES ('acc', 'h', 20687, 'w', 'alice', 3, 4, 5);
INSERT INTO audit (account_id, at, via, name, action, noun, noun_id, after) VALUES
  ('acc', 1787400000000000, 'cli', 'root', 'create', 'key', 'h', '{"name":"K"}');
"""
TRAFFIC_0003 = """
UPDATE epochs SET number = 3 WHERE name = 'traffic';
INSERT INTO generations VALUES ('gen-1', 'acc', 1787400000000000,
  '{"id":"gen-1","created":1787400000.0,"account_id":"acc","key_hash":"h","charged":"0.25"}');
INSERT INTO apps VALUES (1, 'https://a.example', 'A', '[]', 1787400000000000);
INSERT INTO usage_days VALUES
  (20687, 'acc', 'h', 'w', 'alice', 'a/b', 'a/b-1', 'a/b p 0', 'P', 1, 3, 0, 1, 3, 4, 5, 60, 7, 0, 0);
INSERT INTO endpoint_spans VALUES (60, 1787400000, 'a/b p 0', '{}');
INSERT INTO traffic_batches VALUES (3, 'run', 1787400000000000, '{"booked":[],"seen":{}}');
"""
HOLDS_0004 = """
INSERT INTO holds VALUES ('key', 'acc', 'h', 'run', 3, 4, 1787400000000000);
"""
TRAFFIC_0006 = TRAFFIC_0003.replace('"0.25"}\')', "\"0.25\"}', 'h', '')")
DATA = {
    "0001": FACTS_0001,
    "0002": FACTS_0001 + ACCOUNTS_0002,
    "0003": FACTS_0001 + ACCOUNTS_0002 + TRAFFIC_0003,
    "0004": FACTS_0001 + ACCOUNTS_0002 + TRAFFIC_0003 + HOLDS_0004,
    "0005": FACTS_0001 + ACCOUNTS_0002 + TRAFFIC_0003 + HOLDS_0004,
    "0006": FACTS_0001 + ACCOUNTS_0002 + TRAFFIC_0006 + HOLDS_0004,
}
"""What a store of each released migration may hold; a new migration adds a row for the one before it."""


def migrate(engine: Engine, to: str) -> None:
    """Bring an empty database to a migration of before."""
    config = Config()
    config.set_main_option("script_location", SCHEMA.scripts)
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, to)


@pytest.fixture
def bare(request: pytest.FixtureRequest, tmp_path: Path, backend: str) -> Iterator[tuple[str, Engine]]:
    """Return where an empty database is, and an engine to prepare it with."""
    where = request.getfixturevalue("empty_url") if backend == "postgresql" else str(tmp_path / "trunkline.db")
    engine = create(read_location(where), 10)
    yield where, engine
    engine.dispose()


def test_there_is_data_for_every_migration_but_the_newest():
    assert tuple(DATA) == SCHEMA.versions[:-1]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("since", SCHEMA.versions[:-1])
def test_data_of_every_earlier_migration_is_there_after_the_upgrade(bare, since, backend):
    where, engine = bare
    migrate(engine, since)
    with engine.connect() as connection, connection.begin():
        for statement in DATA[since].split(";")[:-1]:
            connection.exec_driver_sql(statement)
        if backend == "sqlite":  # where text stays text in a column of bytes
            connection.exec_driver_sql("UPDATE facts SET wire = CAST(wire AS BLOB), notes = CAST(notes AS BLOB)")
    if backend == "postgresql":
        with pytest.raises(StoreUnavailable, match=f"is behind .schema {since}.*run `trunkline db upgrade`"):
            open_database(where)
    done = upgrade(where)
    assert (done.before, done.after) == (since, SCHEMA.newest)
    assert (done.backup is not None) == (backend == "sqlite")
    database = open_database(where)
    assert [row.fact.key for row in database.catalog.facts()] == ["a/b", "p"]
    assert next(database.catalog.facts()).fact.wire == b'{"a": 1}'
    if since == "0001":
        made = bootstrap(database.accounts, clock=lambda: 7.0, entropy=os.urandom)
        assert database.accounts.caller(made.management_key.hash).account == made.account
    else:
        caller = database.accounts.caller("h")
        assert (caller.account.regions, caller.member.last_name) == (("eu",), "A")
        assert (caller.key.limit, caller.workspace.default_provider_sort) == (Decimal("12.5"), "price")
        assert caller.key_guardrail == caller.member_guardrail
        assert (caller.key_guardrail.allowed_providers, caller.key_guardrail.limit_usd) == (("azure",), Decimal(5))
        with database.accounts.read() as state:
            spent = state.ledger.by_key("acc", ["h"], datetime(2026, 8, 22, tzinfo=UTC))["h"]
            assert (spent.usage_daily, spent.free_requests_daily) == (Decimal("3E-12"), 5)
            assert [entry.after for entry in state.audit.page("acc")] == [{"name": "K"}]
    if since >= "0003":
        record, app = SqlRecords(database.engine, lambda: None).generation("acc", "gen-1")
        assert (record.charged, app) == (Decimal("0.25"), None)
        for narrowed in ({"key_hash": "h"}, {"model": ""}, {}):
            page, following = SqlRecords(database.engine).generations("acc", 5, **narrowed)
            assert ([one.id for one, _ in page], following) == (["gen-1"], None)
        assert [batch.number for batch in SqlTraffic(database.engine).since(2)] == [3]
    assert check(where).problems == ()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_of_processes_that_upgrade_a_server_at_once_one_does_and_the_others_find_it_done(bare, backend):
    where, _ = bare
    script = (
        "import sys; from trunkline.server.adapters.store.database import upgrade; print(upgrade(sys.argv[1]).before)"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, where], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert sorted(each.communicate(timeout=60)[0] for each in children) == [f"{SCHEMA.newest}\n"] * 2 + ["None\n"]
