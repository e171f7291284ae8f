"""The drop-in proof: the documentation's examples run with our client and with the official one of its age."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.examples import ALL
from tests.client.rows import model, page
from tests.client.upstream import Upstream, answer
from tests.clients.environments import Environment, environment
from tests.live.wire import Site
from tests.shared_data import shared

RUN = Path(__file__).with_name("run_example.py")
Run = Callable[..., Any]


@pytest.fixture(params=["trunkline", "openrouter"])
def run(request: pytest.FixtureRequest) -> Run:
    """Return a function that runs an example against a server, once with each client."""
    package: str = request.param
    ours = Environment(Path(sys.executable))

    def run_example(name: str, url: str) -> Any:
        keys = {"OPENROUTER_API_KEY": "sk-or-v1-unknown", "OPENROUTER_BEARER": "sk-or-v1-theirs", "TRUNKLINE_URL": url}
        python = ours if package == "trunkline" else environment("openrouter-0.10.8")
        told = python.run(RUN, package, url, told=ALL[name].replace("{package}", package), **keys)
        assert told["components"] == f"{package}.components"
        return told["shown"]

    return run_example


def test_get_list_and_count_against_a_live_server(run: Run, bundled: Site):
    assert run("get", bundled.url) == "openai/gpt-4"
    listed = run("list", bundled.url)
    assert listed == bundled.get("/models").ids
    assert run("count", bundled.url) == len(listed) > 300


def test_list_for_user_sends_its_own_key(run: Run, upstream: Upstream):
    upstream.plays(answer(page(model())))
    assert run("list_for_user", upstream.url) == ["acme/one"]
    (asked,) = upstream.asked
    assert asked.target == "/api/v1/models/user"
    assert asked.headers["authorization"] == "Bearer sk-or-v1-theirs"
    names = ("http-referer", "x-openrouter-title", "x-openrouter-categories")
    assert [asked.headers[name] for name in names] == ["<value>"] * 3


def test_the_examples_are_the_documentations_own():
    documents = "".join(file.read_text() for file in sorted(shared("seeds").iterdir()))
    blocks = re.findall(r"^```python[^\n]*\n(.*?)^```", documents, re.MULTILINE | re.DOTALL)
    for name, example in ALL.items():
        assert example.replace("{package}", "openrouter") in blocks, name
