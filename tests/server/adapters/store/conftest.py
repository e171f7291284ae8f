"""Stores in real files of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.server.adapters.store.catalog import SqlCatalogStore, open_catalog_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trunkline.db"


@pytest.fixture
def open_store(path: Path) -> Iterator[Callable[..., SqlCatalogStore]]:
    """Open the store at `path`, as often as a test likes; all are closed after it."""
    opened = []

    def open_one(location: str | Path = path, **options: object) -> SqlCatalogStore:
        opened.append(open_catalog_store(location, **options))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., SqlCatalogStore]) -> SqlCatalogStore:
    return open_store()
