"""Servers that live as long as the test session; conftest files import those that their tests ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import NOON, fixture_delivery, seed
from tests.live.servers import in_process, process
from tests.live.wire import Site
from trunkline.server.settings import Settings


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A `trunkline serve` process with the catalogue of the conformance cases."""
    home = seed(tmp_path_factory.mktemp("fixture") / "home", [fixture_delivery()])
    with process(home) as running:
        yield running


@pytest.fixture(scope="session")
def at_noon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same catalogue in a server for which it is 2026-08-22T12:00Z for ever."""
    home = seed(tmp_path_factory.mktemp("noon") / "home", [fixture_delivery()])
    with in_process(Settings(home=home, site_url="https://models.example"), lambda: NOON) as running:
        yield running


@pytest.fixture(scope="session")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A `trunkline serve` process as a newcomer has it, with the catalogue that comes with the package."""
    with process(tmp_path_factory.mktemp("bundled") / "home") as running:
        yield running
