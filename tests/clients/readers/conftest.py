"""Libraries of others that read the catalogue, in one environment."""

from __future__ import annotations

import pytest

from tests.clients.environments import Environment, environment


@pytest.fixture(scope="session")
def readers() -> Environment:
    """Return the environment with LangChain, Pydantic AI, llm-openrouter and the `openai` client beneath them."""
    return environment("readers")
