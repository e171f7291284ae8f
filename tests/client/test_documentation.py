"""docs/client.md: its examples run against a live server, and its tables say what the code says."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from tests.clients.environments import Environment
from tests.live.wire import Site
from trunkline import OpenRouter, errors
from trunkline.client import settings

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "client.md").read_text()


def test_every_example_runs(bundled: Site):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    written = Environment(Path(sys.executable)).run(HERE / "run_blocks.py", told=blocks, TRUNKLINE_URL=bundled.url)
    listed, counted, awaited, got, failed = written
    assert len(listed.splitlines()) > 50
    assert int(counted) > 300
    assert awaited == f"{counted.strip()} models, {counted.strip()} said the first page\n"
    assert got.splitlines()[1:4] == ["0.00003", "60", "None"]
    assert failed == "404 Resource not found 404 application/json\n"


def test_every_argument_variable_and_error_is_described():
    for name in inspect.signature(OpenRouter).parameters:
        assert f"| `{name}`" in PAGE, name
    for variable in set(re.findall(r'"((?:OPENROUTER|TRUNKLINE)_\w+)"', inspect.getsource(settings))):
        assert f"`{variable}`" in PAGE, variable
    for name in errors.__all__:
        if name.endswith("Error"):
            assert f"`{name}`" in PAGE or name in ("NoResponseError", "OpenRouterError"), name


def test_every_call_is_listed():
    for tag in ("models", "endpoints", "providers", "embeddings"):
        for name, _ in inspect.getmembers(getattr(OpenRouter(), tag), inspect.ismethod):
            if not name.startswith("_") and not name.endswith("_async"):
                assert f"| `{tag}.{name}(" in PAGE, name
