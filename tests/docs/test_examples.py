"""What README and docs tell people to type works as written, against a server on the bundled catalogue."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CURLS = re.findall(r"^curl '(http://127\.0\.0\.1:8080[^']*)'$", README, re.MULTILINE)
COMMANDS = re.findall(r"^\.venv/bin/trunkline (.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("url", CURLS)
def test_each_curl_of_the_readme_gets_models(url, bundled):
    answer = bundled.get(url.removeprefix("http://127.0.0.1:8080/api/v1"))
    assert answer.status == 200
    assert answer.json()["data"]


def test_the_readme_has_examples():
    assert len(CURLS) >= 3
    assert len(COMMANDS) >= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_readme_prints_models(command, tmp_path):
    program = Path(sys.executable).parent / "trunkline"
    ran = subprocess.run(
        [program, *shlex.split(command), "--home", tmp_path], capture_output=True, text=True, check=True
    )
    assert "claude" in ran.stdout


def test_the_overlay_of_the_manual_is_one():
    document = re.search(r"```yaml\n(trunkline: 1\n.*?)```", (ROOT / "docs/catalogue.md").read_text(), re.DOTALL)
    assert document
    delivery = read_feed(document[1].encode(), "manual.yaml", known=Known())
    assert not delivery.problems
    assert delivery.layer == "my-team"
    (model,) = [fact for fact in delivery.facts if fact.key == "acme/coder-1"]
    assert json.loads(model.wire)["pricing"] == {"prompt": "0.000001", "completion": "0.000002"}


def test_the_settings_file_of_the_manual_is_one(tmp_path):
    document = re.search(r"```toml\n(.*?)```", (ROOT / "docs/configuration.md").read_text(), re.DOTALL)
    assert document
    file = tmp_path / "trunkline.toml"
    file.write_text(document[1])
    program = Path(sys.executable).parent / "trunkline"
    ran = subprocess.run(
        [program, "config", "--json", "--config", file, "--home", tmp_path], capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout)["workers"] == {"value": 2, "from": str(file)}
