"""Stores of a test's own, on both databases; a test that looks at the SQLite file itself (`path`) runs there only."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.server.adapters.store.catalog import SqlCatalogStore, open_catalog_store
from trunkline.server.adapters.store.database import Database, open_database, upgrade

BACKENDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    own = any("location" in str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))
    if "location" in metafunc.fixturenames and not own:
        metafunc.parametrize("location", BACKENDS[:1] if "path" in metafunc.fixturenames else BACKENDS, indirect=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trunkline.db"


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a store of the test's own is: a path, or the URL of a database with its tables."""
    if request.param == "sqlite":
        return str(tmp_path / "trunkline.db")
    url: str = request.getfixturevalue("postgres_url")
    upgrade(url)
    return url


@pytest.fixture
def open_store(location: str) -> Iterator[Callable[..., SqlCatalogStore]]:
    """Open the catalogue at `location`, as often as a test likes; all are closed after it."""
    opened = []

    def open_one(where: str | Path = location, **options: object) -> SqlCatalogStore:
        opened.append(open_catalog_store(where, **options))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., SqlCatalogStore]) -> SqlCatalogStore:
    return open_store()


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    """Open the whole store at `location`."""
    opened = open_database(location)
    yield opened
    opened.close()
