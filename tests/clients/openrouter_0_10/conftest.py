"""The official Python client of the documentation's age."""

from __future__ import annotations

import pytest

from tests.clients.environments import Environment, environment


@pytest.fixture(scope="session")
def client() -> Environment:
    """Return the environment of `openrouter` 0.10.8."""
    return environment("openrouter-0.10.8")
