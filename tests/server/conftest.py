"""What tests of the server share: stores of a test's own, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import empty_url, postgres, postgres_url
from trunkline.server.adapters.store.database import Database, open_database

__all__ = ["empty_url", "postgres", "postgres_url"]

BACKENDS = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for `location` on both databases; what looks at the SQLite file itself (`path`) there only."""
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
    return url


@pytest.fixture
def database(location: str) -> Iterator[Database]:
    """Open the whole store at `location`."""
    opened = open_database(location)
    yield opened
    opened.close()
