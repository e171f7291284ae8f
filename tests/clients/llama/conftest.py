"""llama.cpp's own server with a tiny model, and ours in front of it: a provider in TOML without a key."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import environment
from tests.live.gateways import Caller, gateway

SERVE = Path(__file__).with_name("serve.py")
SETTINGS = """
[providers.llama]
base_url = "{url}/v1"
completions = true
data_policy = {{ training = false, retention_days = 0 }}

[[endpoints]]
model = "tiny/letters"
provider = "llama"
upstream_model = "tiny.gguf"
context_length = 65536
pricing = {{ prompt = "0.000001", completion = "0.000002" }}

[[endpoints]]
model = "tiny/vectors"
provider = "llama"
upstream_model = "tiny.gguf"
context_length = 65536
output_modalities = ["embeddings"]
pricing = {{ prompt = "0.000001", completion = "0" }}
"""


@dataclass(frozen=True)
class Llama:
    """The running model server."""

    url: str

    def is_busy(self) -> bool:
        """Tell whether it is working on an answer."""
        with urllib.request.urlopen(f"{self.url}/slots", timeout=10) as answer:
            slots: list[dict[str, Any]] = json.load(answer)
        return any(slot["is_processing"] for slot in slots)


@contextmanager
def _serving(model: Path) -> Iterator[Llama]:
    log = model.with_suffix(".log")
    with log.open("wb") as said:
        process = subprocess.Popen(
            [environment("llama").python, SERVE, model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield Llama(json.loads(line))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    """Return the model server."""
    with _serving(tmp_path_factory.mktemp("llama") / "tiny.gguf") as running:
        yield running


@pytest.fixture(scope="module")
def caller(llama: Llama, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Return a key on our server, which calls the model server."""
    with gateway(tmp_path_factory.mktemp("before-llama") / "home", SETTINGS.format(url=llama.url)) as made:
        yield made
