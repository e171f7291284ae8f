"""The server whose pages these tests open, and the browser that opens them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clients.node.conftest import Node, node
from tests.factories import ACCOUNT_X, delivered, endpoint_fact, read, seed
from tests.live.servers import process
from tests.live.tenants import Tenant, create_account
from tests.live.wire import Site
from tests.shared_data import ROOT
from tests.web.browsing import LOOKS, Tab, chromium
from trunkline.server import bundle
from trunkline.server.domain.catalog.facts import Delivery

__all__ = ["node"]

FILES = (
    "openrouter-providers-2026-08-08.json",
    "openrouter-models-2026-08-22.json",
    "openrouter-endpoints-2026-07-22.json",
)
MODEL = "anthropic/claude-sonnet-4.5"
"""A model that every catalogue here has."""
LATENCY = {"p50": 420.0, "p75": 600.0, "p90": 910.0, "p99": 2400.0}
THROUGHPUT = {"p50": 78.0, "p75": 70.0, "p90": 55.0, "p99": 31.0}


def catalogue() -> list[Delivery]:
    """Return the 421-row catalogue where it is at hand, else the bundled one."""
    files = [ROOT / "data" / name for name in FILES]
    return [read(file) for file in files] if all(file.exists() for file in files) else [bundle.load()]


@pytest.fixture(scope="session")
def home_and_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a home with the catalogue, some measured speed, and an account with its management key."""
    measured = delivered(
        *(
            endpoint_fact(MODEL, tag, latency_last_30m=LATENCY, throughput_last_30m=THROUGHPUT, uptime_last_1d=99.95)
            for tag in ("anthropic", "amazon-bedrock")
        ),
        layer="measured",
    )
    home = seed(tmp_path_factory.mktemp("web") / "home", catalogue(), time)
    seed(home, [measured], time)
    return home, create_account(home, ACCOUNT_X, now=time)


@pytest.fixture(scope="session")
def web(home_and_key: tuple[Path, str]) -> Iterator[Site]:
    """A `trunkline serve` process with two workers."""
    with process(home_and_key[0], TRUNKLINE_WORKERS="2") as running:
        yield running


@pytest.fixture(scope="session")
def tenant(web: Site, home_and_key: tuple[Path, str]) -> Tenant:
    """Return the account of that server."""
    return Tenant(web, ACCOUNT_X, home_and_key[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip with the reason; once a file, since while it runs no other test of its process may await."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def axe(node: Node) -> str:
    """Return axe-core's script."""
    return (node.packages / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def opened(browser: Browser, axe: str, web: Site) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens a fresh tab: keywords are those of Playwright's `new_context`."""
    contexts = []

    def open_tab(site: Site = web, **options: Any) -> Tab:
        contexts.append(context := browser.new_context(**options))
        context.set_default_timeout(15_000)
        return Tab(context.new_page(), f"http://{site.host}:{site.port}", axe)

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def tab(request: pytest.FixtureRequest, opened: Callable[..., Tab]) -> Tab:
    """Return a fresh tab, once for each theme and width."""
    theme, width = request.param
    return opened(color_scheme=theme, viewport={"width": width, "height": 900})


@pytest.fixture
def wide(opened: Callable[..., Tab]) -> Tab:
    """Return a fresh tab, light and wide."""
    return opened(color_scheme="light", viewport={"width": 1440, "height": 900})
