"""The composition root: settings into adapters into ports into the application; the one file that knows every layer."""

from __future__ import annotations

import secrets
import time

from trunkline.server.adapters.memory.accounts import NoticedAccounts
from trunkline.server.adapters.memory.callers import LiveCallers
from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.adapters.store.catalog import SqlCatalogStore
from trunkline.server.adapters.store.database import Database, open_database
from trunkline.server.adapters.store.watch import Watch
from trunkline.server.adapters.telemetry import logs
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.http import app
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.settings import Settings
from trunkline.server.usecases import imports
from trunkline.server.usecases.ports import Clock


def open_home(settings: Settings, clock: Clock = time.time) -> Database:
    """Open the home's store; a new one gets the bundled catalogue as its first revision. Raises `StoreUnavailable`."""
    database = open_database(settings.store)
    if database.catalog.head() == 0:
        from trunkline.server import bundle

        delivery = bundle.load()
        imports.import_feeds(
            database.catalog,
            [delivery],
            merge=False,
            accept=True,
            title=f"bundled catalogue: {delivery.source}",
            clock=clock,
            check=lambda facts: build(facts, 0, clock())[1],
        )
    return database


def open_store(settings: Settings, clock: Clock = time.time) -> SqlCatalogStore:
    """Open the catalogue of the home's store, like `open_home`. Raises `StoreUnavailable`."""
    return open_home(settings, clock).catalog


def load_catalogue(settings: Settings, clock: Clock = time.time) -> tuple[Snapshot, float]:
    """Return the home's newest catalogue and the time whose prices it shows (Unix seconds)."""
    store = open_store(settings, clock)
    try:
        catalogue = LiveCatalogue(store, clock)
        catalogue.refresh()
        now = clock()
        return catalogue.current(now), now
    finally:
        store.close()


def create_app(settings: Settings, clock: Clock = time.time) -> app.App:
    """Return the application; store and catalogue are opened when its lifespan starts."""
    logs.configure()
    database = open_home(settings, clock)
    catalogue = LiveCatalogue(database.catalog, clock)
    callers = LiveCallers(database.accounts, clock)
    watches: list[Watch] = []

    def start() -> None:
        catalogue.refresh()
        callers.refresh()
        catalogue.watch()
        # In a thread of its own: a revoked key must not wait until a large catalogue is built.
        watches.append(database.listen(lambda _: callers.refresh()))

    def stop() -> None:
        catalogue.stop()
        for watch in watches:
            watch.stop()
        database.close()

    context = Context(
        catalogue=catalogue,
        callers=callers,
        accounts=NoticedAccounts(database.accounts, callers.refresh),
        clock=clock,
        entropy=secrets.token_bytes,
        rss_title=settings.rss_title,
        site_url=settings.site_url,
        operator=settings.operator,
    )
    return app.create(
        context,
        HostTable(settings.hosts, settings.trusted_proxies),
        body_limit=settings.body_limit,
        start=start,
        stop=stop,
    )
