"""The settings' endpoints in the catalogue that is served, and not in the store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import NOON, delivered, model_fact, provider_fact, seed
from trunkline.server.adapters.memory.catalogue import LiveCatalogue
from trunkline.server.runtime import load_catalogue, open_store, read_configuration
from trunkline.server.settings import Settings, load

TOML = """
[providers.alpha]
base_url = "http://127.0.0.1:9200/v1"

[[endpoints]]
model = "acme/new"
provider = "alpha"
name = "Acme New"
pricing = { prompt = "0.00003", completion = "0.00006" }
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = seed(tmp_path / "home", [delivered(provider_fact("openai"), model_fact("acme/old", name="Old"))])
    (home / "trunkline.toml").write_text(TOML)
    return load({"home": str(home)}, {}).settings


def test_what_is_configured_is_served_over_what_is_stored(settings: Settings):
    snapshot, _ = load_catalogue(settings, lambda: NOON)
    assert {row.id for row in snapshot.rows} == {"acme/old", "acme/new"}
    store = open_store(settings)
    try:
        assert "acme/new" not in {layered.fact.key for layered in store.facts()}
        assert {row.id for row in snapshot_of(store).rows} == {"acme/old"}
    finally:
        store.close()


def snapshot_of(store):
    catalogue = LiveCatalogue(store, lambda: NOON)
    catalogue.refresh()
    return catalogue.current(NOON)


def test_the_providers_of_the_package_are_switched_on_by_their_variables():
    configuration = read_configuration(Settings(), {"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-2"})
    assert {"openai", "anthropic"} <= configuration.targets.usable()
    assert configuration.targets.by_slug("anthropic").base_url == "https://api.anthropic.com/v1"


def test_a_server_whose_settings_make_no_sense_does_not_start(tmp_path: Path):
    (tmp_path / "trunkline.toml").write_text('[[endpoints]]\nmodel = "a/b"\nprovider = "nobody"\n')
    clean = {name: text for name, text in os.environ.items() if not name.startswith("TRUNKLINE_")}
    command = Path(sys.executable).with_name("trunkline")
    done = subprocess.run(
        [command, "serve", "--home", tmp_path, "--port", "0"],
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "endpoints[0]: there is no provider nobody" in done.stderr
    assert "Traceback" not in done.stderr
