"""The first three examples of the client's documentation run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.environments import Environment
from tests.factories import ids
from tests.live.wire import Site
from tests.shared_data import shared

RUN = Path(__file__).with_name("run_example.py")
TEXT_MODELS = ids("M10 M3 M8 M2 M6 M4 M5 M9 M1")


def example(heading: str) -> str:
    """Return the code under a heading of the documents."""
    for file in sorted(shared("seeds").iterdir()):
        found = re.search(rf"^## {heading}\n.*?^```python[^\n]*\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)
        if found and "open_router.models." in found[1]:
            return found[1]
    pytest.skip(f"no example of {heading} here")


# Any key will do where none is asked for. With none at all this client fails before it sends anything:
# the examples then hand it an empty one, and HTTP has no way to write that.
KEY = {"OPENROUTER_API_KEY": "sk-or-v1-unknown"}


def test_get_list_and_count_work_as_documented(client: Environment, site: Site):
    got, listed, counted = (client.run(RUN, site.url, told=example(name), **KEY) for name in ("get", "list", "count"))
    assert (got["type"], got["answer"]["data"]["id"]) == ("ModelResponse", "openai/gpt-4")
    assert listed["type"] == "ModelsListResponse"
    assert [row["id"] for row in listed["answer"]["data"]] == TEXT_MODELS
    assert counted == {"type": "ModelsCountResponse", "answer": {"data": {"count": len(TEXT_MODELS)}}}


def test_they_work_with_the_catalogue_that_comes_with_the_package(client: Environment, bundled: Site):
    got, listed, counted = (
        client.run(RUN, bundled.url, told=example(name), **KEY) for name in ("get", "list", "count")
    )
    assert got["answer"]["data"]["id"] == "openai/gpt-4"
    assert [row["id"] for row in listed["answer"]["data"]] == bundled.get("/models").ids
    assert counted["answer"]["data"]["count"] == len(listed["answer"]["data"]) > 200
