"""`trunkline config`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Trunkline
from trunkline.server.settings import ROWS


def test_each_setting_is_shown_with_where_it_came_from(trunkline: Trunkline, home: Path):
    home.mkdir()
    file = home / "trunkline.toml"
    file.write_text('workers = 3\nhost = "::1"\nrss_title = "Ours"\n\n[feeds.openrouter]\nenabled = true\n')
    done = trunkline("config", "--json", "--port", "9001", TRUNKLINE_HOST="127.0.0.2", TRUNKLINE_PORT="9002")
    assert (done.returncode, done.stderr) == (0, "")
    shown = json.loads(done.stdout)
    assert shown["home"] == {"value": str(home), "from": "TRUNKLINE_HOME"}
    assert shown["config"] == {"value": str(file), "from": "found in the home"}
    assert shown["port"] == {"value": 9001, "from": "--port"}
    assert shown["host"] == {"value": "127.0.0.2", "from": "TRUNKLINE_HOST"}
    assert shown["workers"] == {"value": 3, "from": str(file)}
    assert shown["rss_title"] == {"value": "Ours", "from": str(file)}
    assert shown["site_url"] == {"value": "http://127.0.0.2:9001", "from": "host and port"}
    assert shown["body_limit"] == {"value": 1048576, "from": "default"}
    assert shown["feeds.openrouter"]["from"] == str(file)
    assert shown["feeds.openrouter"]["value"]["enabled"] is True
    assert shown["feeds.openrouter"]["value"]["url"] == "https://openrouter.ai/api/v1/models?output_modalities=all"
    assert shown['feeds."models.dev"']["from"] == "default"
    # A table is shown entry by entry, and no provider is configured here.
    assert {name.partition(".")[0] for name in shown} == {row.name for row in ROWS} - {"providers"}


def test_the_table_says_the_same_for_people(trunkline: Trunkline, home: Path):
    done = trunkline("config", "--workers", "2")
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["setting", "value", "from"]
    assert ["workers", "2", "--workers"] in rows
    assert ["home", str(home), "TRUNKLINE_HOME"] in rows
    assert not home.exists(), "looking at the settings creates nothing"


def test_passwords_are_never_printed(trunkline: Trunkline):
    url = "postgresql://trunk:hunter2@db.example/trunk"
    for flag in ([], ["--json"]):
        done = trunkline("config", *flag, TRUNKLINE_DATABASE_URL=url)
        assert done.returncode == 0
        assert "hunter2" not in done.stdout + done.stderr
        assert "postgresql://trunk:***@db.example/trunk" in done.stdout


def test_settings_that_cannot_be_used_are_one_line_and_exit_code_2(trunkline: Trunkline, home: Path):
    home.mkdir()
    file = home / "trunkline.toml"
    for text, said in (
        ("port = \n", f"{file}: is not TOML: Invalid value (at line 1, column 8)"),
        ("prot = 1\n", f"{file}: unknown key prot; did you mean port?"),
        ('port = "80"\n', f"port in {file}: expected int, got str"),
    ):
        file.write_text(text)
        done = trunkline("config")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"trunkline: {said}\n")
    file.unlink()
    done = trunkline("config", "--config", str(file))
    assert (done.returncode, done.stderr) == (2, f"trunkline: {file}: cannot be read: No such file or directory\n")
