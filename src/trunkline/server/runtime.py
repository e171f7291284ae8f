"""The composition root: settings into adapters into ports into the application; the one file that knows every layer."""

from __future__ import annotations

import time
from collections.abc import Callable

from trunkline.server.adapters.memory.callers import NoCallers
from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.adapters.store.catalog import SqlCatalogStore, open_catalog_store
from trunkline.server.adapters.telemetry import logs
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.http import app
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.settings import Settings
from trunkline.server.usecases import imports


def open_store(settings: Settings, clock: Callable[[], float] = time.time) -> SqlCatalogStore:
    """Open the home's store; a new one gets the bundled catalogue as its first revision. Raises `StoreUnavailable`."""
    store = open_catalog_store(settings.store)
    if store.head() == 0:
        from trunkline.server import bundle

        delivery = bundle.load()
        imports.import_feeds(
            store,
            [delivery],
            merge=False,
            accept=True,
            title=f"bundled catalogue: {delivery.source}",
            clock=clock,
            check=lambda facts: build(facts, 0, clock())[1],
        )
    return store


def load_catalogue(settings: Settings, clock: Callable[[], float] = time.time) -> tuple[Snapshot, float]:
    """Return the home's newest catalogue and the time whose prices it shows (Unix seconds)."""
    store = open_store(settings, clock)
    try:
        catalogue = LiveCatalogue(store, clock)
        catalogue.refresh()
        now = clock()
        return catalogue.current(now), now
    finally:
        store.close()


def create_app(settings: Settings, clock: Callable[[], float] = time.time) -> app.App:
    """Return the application; store and catalogue are opened when its lifespan starts."""
    logs.configure()
    store = open_store(settings, clock)
    catalogue = LiveCatalogue(store, clock)

    def start() -> None:
        catalogue.refresh()
        catalogue.watch()

    def stop() -> None:
        catalogue.stop()
        store.close()

    return app.create(
        Context(catalogue, NoCallers(), clock, settings.rss_title, settings.site_url),
        HostTable(settings.hosts, settings.trusted_proxies),
        body_limit=settings.body_limit,
        start=start,
        stop=stop,
    )
