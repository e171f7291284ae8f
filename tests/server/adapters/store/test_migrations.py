"""The migrations lead to the tables that the code uses, and an upgrade keeps what was there."""

import re
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from trunkline.server.adapters.store import migrations
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.adapters.store.schema import SCHEMA, Schema
from trunkline.server.adapters.store.tables import METADATA
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered
from trunkline.server.errors import StoreUnavailable

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
