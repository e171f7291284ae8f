"""The servers that these tests talk to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import ACCOUNT_X, M, delivered, endpoint_fact, fixture_delivery, seed
from tests.live.fixtures import at_noon, bundled, site
from tests.live.servers import in_process
from tests.live.tenants import Tenant, clock, create_account, operator
from tests.live.wire import Site
from trunkline.server.adapters.store.database import open_database
from trunkline.server.settings import Settings
from trunkline.server.usecases import accounts as usecase
from trunkline.server.usecases.accounts import AccountPatch

__all__ = ["at_noon", "bundled", "site"]

ACCOUNT_Y = "7c1d0f3a-88b2-4e55-9b06-51f6a0c2d9ee"
MEASURED = {"p50": 120.0, "p75": 150.0, "p90": 200.0, "p99": 400.0}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Return a home with the catalogue of the conformance cases and accounts X and Y, and their management keys.

    X may use the eu host, Y no regional one.
    """
    measured = [
        endpoint_fact(M["M1"], tag, latency_last_30m=MEASURED, throughput_last_30m=MEASURED)
        for tag in ("openai", "azure")
    ]
    home = seed(tmp_path_factory.mktemp("template") / "home", [fixture_delivery(), delivered(*measured, layer="own")])
    keys = create_account(home, ACCOUNT_X), create_account(home, ACCOUNT_Y)
    database = open_database(home / "trunkline.db")
    for account_id, regions in ((ACCOUNT_X, ["eu"]), (ACCOUNT_Y, [])):
        usecase.update(
            database.accounts,
            operator(account_id),
            AccountPatch(regions=regions),
            clock=clock,
            catalogued=None,  # type: ignore[arg-type]  # no list of models or providers is changed
        )
    database.close()
    return home, *keys


@pytest.fixture
def home(template: tuple[Path, str, str], tmp_path: Path) -> Path:
    """Return a copy of the template for one test."""
    return Path(shutil.copytree(template[0], tmp_path / "home"))


@pytest.fixture
def server(home: Path) -> Iterator[Site]:
    """A server of this test's own on its copy of the template."""
    with in_process(Settings(home=home), clock) as running:
        yield running


@pytest.fixture
def x(server: Site, template: tuple[Path, str, str]) -> Tenant:
    """Return account X."""
    return Tenant(server, ACCOUNT_X, template[1])


@pytest.fixture
def y(server: Site, template: tuple[Path, str, str]) -> Tenant:
    """Return account Y."""
    return Tenant(server, ACCOUNT_Y, template[2])
