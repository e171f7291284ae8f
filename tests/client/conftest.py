"""What the client's tests talk to, and the two ways in which every call can be made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client.upstream import Upstream, running
from tests.live.fixtures import bundled, site
from trunkline import OpenRouter

__all__ = ["bundled", "site"]

Call = Callable[..., Any]
QUICK = 5_000
"""Milliseconds: the most that a call to a local server may take before the test has failed."""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server that does what the test says."""
    with running() as server:
        yield server


@pytest.fixture
def client(upstream: Upstream) -> Iterator[OpenRouter]:
    """A client of the scripted server that neither repeats calls nor reads the environment's key."""
    with OpenRouter(api_key="sk-test", server_url=upstream.url, retry_config=None, timeout_ms=QUICK) as made:
        yield made


@pytest.fixture(params=["blocking", "awaited"])
def call(request: pytest.FixtureRequest) -> Call:
    """Return a function `call(client, "models.list", **arguments)`; the test runs once for each way of calling."""

    def blocking(client: OpenRouter, operation: str, **arguments: Any) -> Any:
        tag, _, name = operation.partition(".")
        return getattr(getattr(client, tag), name)(**arguments)

    def awaited(client: OpenRouter, operation: str, **arguments: Any) -> Any:
        tag, _, name = operation.partition(".")
        return asyncio.run(getattr(getattr(client, tag), f"{name}_async")(**arguments))

    return blocking if request.param == "blocking" else awaited
