"""The composition root: settings into adapters into ports into the application; the one file that knows every layer."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from trunkline.server.adapters.memory.accounts import NoticedAccounts
from trunkline.server.adapters.memory.answers import LiveAnswers
from trunkline.server.adapters.memory.attempts import LiveAttempts
from trunkline.server.adapters.memory.callers import LiveCallers
from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.adapters.memory.contents import LiveContents
from trunkline.server.adapters.memory.learning import Lessons
from trunkline.server.adapters.memory.ledger import LiveLedger
from trunkline.server.adapters.memory.metered import MeteredCallers
from trunkline.server.adapters.memory.rates import LiveFreeCalls, LiveLimits
from trunkline.server.adapters.memory.statistics import LiveStatistics
from trunkline.server.adapters.memory.sticky import LiveStickiness
from trunkline.server.adapters.memory.uses import LiveUses
from trunkline.server.adapters.providers.configuration import Configuration, configure, variable_names
from trunkline.server.adapters.providers.discovery import Discovery
from trunkline.server.adapters.providers.identity import identity_key
from trunkline.server.adapters.providers.upstreams import Upstreams
from trunkline.server.adapters.providers.vault import Vault, open_vault
from trunkline.server.adapters.store.catalog import SqlCatalogStore
from trunkline.server.adapters.store.contents import SqlContents
from trunkline.server.adapters.store.database import Database, open_database
from trunkline.server.adapters.store.engine import read_location
from trunkline.server.adapters.store.generations import SqlRecords
from trunkline.server.adapters.store.journal import Journal
from trunkline.server.adapters.store.sessions import FileSessions
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.adapters.store.watch import Watch
from trunkline.server.adapters.telemetry import logs
from trunkline.server.adapters.telemetry.calls import CallLog
from trunkline.server.adapters.telemetry.metrics import Metrics
from trunkline.server.cohort import Cohort
from trunkline.server.departures import Departures
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.errors import SettingsError
from trunkline.server.http import app, correlation
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.polling import Polling
from trunkline.server.settings import Settings, variables
from trunkline.server.usecases import accounts, imports
from trunkline.server.usecases.accounts import NewAccount
from trunkline.server.usecases.gateway import Gateway
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.screening import Screening
from trunkline.server.web import table

CREDITED_USD: Final = 10
"""From so many credits on an account may call free models more often (spec gateway 4.6)."""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What was there to start with: the account that was made just now, whether there is any, and who can be called."""

    made: NewAccount | None
    has_account: bool
    providers: frozenset[str]


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


def newest(database: Database, clock: Clock = time.time, settings: Settings | None = None) -> Snapshot:
    """Return the newest catalogue of a store, with what settings add to it and the prices of now.

    Raises `StoreUnavailable` and `SettingsError`.
    """
    over = [] if settings is None else [read_configuration(settings).over]
    catalogue = LiveCatalogue(database.catalog, clock, *over)
    catalogue.refresh()
    return catalogue.current(clock())


def read_configuration(settings: Settings, environ: Mapping[str, str] | None = None) -> Configuration:
    """Return who can be called and what the settings say of models. Raises `SettingsError`."""
    from trunkline.server import bundle

    shipped = bundle.document()["providers"]
    return configure(settings, shipped, variables(variable_names(shipped), environ))


def vault_of(settings: Settings) -> Vault:
    """Return what encrypts accounts' own keys at providers. Raises `SettingsError` for a `secret_key` that is none."""
    on_file = read_location(settings.store).get_backend_name() == "sqlite"
    return open_vault(settings.secret_key, settings.home, on_file=on_file)


def load_catalogue(settings: Settings, clock: Clock = time.time) -> tuple[Snapshot, float]:
    """Return the home's newest catalogue and the time whose prices it shows (Unix seconds)."""
    database = open_home(settings, clock)
    try:
        now = clock()
        return newest(database, clock, settings), now
    finally:
        database.close()


def first_start(settings: Settings, *, draw: bool, clock: Clock = time.time) -> FirstStart:
    """Prepare the home's store before workers start, and make its first account where there is none.

    Its management key is the one set, else one drawn, but only where `draw` says that it can be shown.
    Raises `StoreUnavailable`, and `SettingsError` for a management key that has not the form of one.
    """
    database = open_home(settings, clock)
    try:
        made = None
        if draw or settings.management_key is not None:
            made = accounts.bootstrap(
                database.accounts, clock=clock, entropy=secrets.token_bytes, management_key=settings.management_key
            )
        return FirstStart(
            made,
            has_account=bool(accounts.list_accounts(database.accounts)),
            providers=read_configuration(settings).targets.usable(),
        )
    finally:
        database.close()


def create_app(settings: Settings, clock: Clock = time.time) -> app.App:
    """Return the application; store and catalogue are opened when its lifespan starts."""
    lines = logs.configure(current=correlation.current)
    configuration = read_configuration(settings)
    for note in configuration.notes:
        logging.getLogger(__name__).warning(note)
    vault = vault_of(settings)
    database = open_home(settings, clock)
    discovery = Discovery(configuration.asked)
    catalogue = LiveCatalogue(database.catalog, clock, lambda stored: discovery.over(configuration.over(stored)))
    traffic, statistics, metrics = SqlTraffic(database.engine), LiveStatistics(clock), Metrics()
    ledger = LiveLedger(
        traffic,
        Journal(settings.home / "journal"),
        statistics,
        clock,
        credits_usd=settings.credits,
        days=settings.generation_days,
        pulse=Lessons(catalogue, statistics, traffic.popularity).pulse,
        soon=lambda then: asyncio.get_running_loop().call_soon(then),
        heard=[metrics.count, *([CallLog(lines, clock).tell] if settings.log_calls else [])],
    )
    uses = LiveUses(database.accounts.touch)
    callers = LiveCallers(MeteredCallers(database.accounts, ledger), clock, uses.note)
    contents = LiveContents(SqlContents(database.engine), vault, clock, days=settings.content_days)
    watches: list[Watch] = []

    def start() -> None:
        catalogue.refresh()
        callers.refresh()
        ledger.start()
        uses.start()
        discovery.start(catalogue.again)
        contents.start()
        catalogue.watch()
        # In a thread of its own: a revoked key must not wait until a large catalogue is built.
        watches.append(database.listen(lambda _: callers.refresh()))

    def settled() -> None:
        ledger.settled()
        uses.write()

    def stop() -> None:
        catalogue.stop()
        for watch in watches:
            watch.stop()
        ledger.stop()
        uses.stop()
        contents.stop()
        database.close()
        lines.flush()

    async def close() -> None:
        await discovery.close()
        if gateway is not None:
            await gateway.close()

    departures = Departures(Polling(settings.polling_microseconds / 1_000_000), ledger.commit)
    cohort = Cohort(departures)
    gateway = _gateway(settings, configuration, ledger, metrics, statistics, clock, vault, contents, departures)

    context = Context(
        catalogue=catalogue,
        callers=callers,
        accounts=NoticedAccounts(database.accounts, callers.refresh, settled),
        clock=clock,
        entropy=secrets.token_bytes,
        rss_title=settings.rss_title,
        site_url=settings.site_url,
        operator=settings.operator,
        credentials=configuration.targets.usable() or None,
        gateway=gateway,
        records=SqlRecords(database.engine, ledger.settled),
        limits=LiveLimits(),
        credits_usd=settings.credits,
        vault=vault,
        reachable=configuration.targets.reachable(),
        revisions=database.catalog,
        variables=configuration.variables,
        cohort=cohort,
    )
    hosts = HostTable(settings.hosts, settings.trusted_proxies)
    return app.create(
        context,
        hosts,
        body_limit=settings.body_limit,
        call_body_limit=settings.call_body_limit,
        start=start,
        stop=stop,
        stopping=lambda: None if gateway is None else gateway.ending.begin(settings.grace_seconds),
        close=close,
        site=table.create(context, hosts, sessions=FileSessions(settings.home / "sessions"), attempts=LiveAttempts()),
        departures=departures,
    )


def _gateway(
    settings: Settings,
    configuration: Configuration,
    ledger: LiveLedger,
    metrics: Metrics,
    learned: LiveStatistics,
    clock: Clock,
    vault: Vault,
    contents: LiveContents,
    departures: Departures,
) -> Gateway | None:
    """Return what calls reach, None where nobody can be called: neither with our keys nor with accounts' own."""
    usable = configuration.targets.usable()
    try:
        identity = identity_key(settings.home)
    except SettingsError:
        if usable:
            raise
        return None
    return Gateway(
        upstreams=Upstreams(configuration.targets, identity, clock=clock, vault=vault, departures=departures),
        usable=usable,
        ledger=ledger,
        learned=learned,
        stickiness=LiveStickiness(seconds=settings.sticky_seconds),
        clock=clock,
        chance=random.random,
        # No secret, for only its account reads a generation; and no system call, which 80 random bits are not worth.
        new_id=lambda: "gen-%d-%020x" % (clock(), random.getrandbits(80)),  # noqa: UP031 - one object less
        metrics=metrics.exposition,
        screening=Screening(answers=settings.filter_answers),
        contents=contents,
        answers=LiveAnswers(settings.response_cache_bytes, clock) if settings.response_cache_bytes else None,
        byok_fee=settings.byok_fee,
        byok_allowance=settings.byok_allowance,
        pre_token_seconds=settings.first_token_seconds,
        keep_alive_seconds=settings.keep_alive_seconds,
        most_attempts=settings.most_attempts,
        held_tokens=settings.held_tokens,
        docs_url=f"{settings.site_url}/docs",
        cooldown_seconds=settings.cooldown_seconds,
        small_window=settings.small_window,
        free_calls=LiveFreeCalls(settings.free_per_minute, _free_per_day(settings)),
    )


def _free_per_day(settings: Settings) -> int:
    credited = settings.credits is None or settings.credits >= CREDITED_USD
    return settings.free_per_day_credited if credited else settings.free_per_day
