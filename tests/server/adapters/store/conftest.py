"""Catalogues in stores of a test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.server.adapters.store.catalog import SqlCatalogStore, open_catalog_store


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
