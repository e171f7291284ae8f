"""One running gateway for all tests here; each begins with nothing called and nothing learned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.world import World, running


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return the world as a whole."""
    with running(tmp_path_factory.mktemp("gateway")) as world:
        yield world


@pytest.fixture
def world(everything: World) -> World:
    """Return the world as a test wants to find it."""
    everything.forget()
    return everything
