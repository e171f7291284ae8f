"""The newest official Python client."""

from __future__ import annotations

import pytest

from tests.clients.environments import Environment, environment


@pytest.fixture(scope="session")
def client() -> Environment:
    """Return the environment of the newest `openrouter`."""
    return environment("openrouter-newest")
