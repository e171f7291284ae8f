"""`trunkline catalog` as people use it, on a home of its own.

Run in this process, because a new one costs a second; one test runs the installed command.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Trunkline
from tests.shared_data import shared
from trunkline.cli.main import run

OVERLAY = """
trunkline: 1
layer: team
models:
  acme/coder-1: {name: "Acme: Coder 1", context_length: 8192, pricing: {prompt: 0.000001, completion: 0.000002}}
endpoints:
  acme/coder-1: [{provider: acme, pricing: {prompt: 0.000001, completion: 0.000002}}]
providers:
  acme: {name: Acme}
"""


@pytest.fixture
def command(home: Path, capsys: pytest.CaptureFixture[str]) -> Trunkline:
    """Return a function that runs `trunkline ARGUMENTS --home HOME` and returns what it printed."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        code = run([*arguments, "--home", str(home)])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return call


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    file = tmp_path / "team.yaml"
    file.write_text(OVERLAY)
    return file


def printed(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def numbers(command: Trunkline) -> list[int]:
    return [row["number"] for row in printed(command("catalog", "history", "--json"))]


def test_an_overlay_is_one_revision_on_the_bundled_catalogue(command: Trunkline, overlay: Path):
    told = printed(command("catalog", "import", str(overlay), "--json"))
    assert (told["revision"], told["changed"], told["warnings"]) == (2, True, [])
    assert {kind: rows["added"] for kind, rows in told["counts"].items()} == {
        "model": 1,
        "endpoint": 1,
        "provider": 1,
        "alias": 0,
    }
    again = command("catalog", "import", str(overlay))
    assert again.stdout == "nothing changed\n"
    assert numbers(command) == [2, 1]
    (row,) = json.loads(command("models", "--q", "acme/coder-1", "--json").stdout)
    assert row["pricing"] == {"prompt": "0.000001", "completion": "0.000002"}


def test_the_installed_command_imports_and_lists(trunkline: Trunkline, overlay: Path):
    done = trunkline("catalog", "import", str(overlay))
    assert done.returncode == 0, done.stderr
    assert "revision 2: import team.yaml" in done.stdout
    assert "import team.yaml" in trunkline("catalog", "history").stdout


def test_several_files_make_one_revision(command: Trunkline):
    files = [
        str(shared(f"data/{name}"))
        for name in ("openrouter-endpoints-2026-07-22.json", "openrouter-models-2026-07-22.json")
    ]
    done = command("catalog", "import", *files)
    assert done.returncode == 0
    assert "revision 2: import openrouter-endpoints-2026-07-22.json, openrouter-models-2026-07-22.json" in done.stdout
    assert numbers(command) == [2, 1]
    checked = printed(command("catalog", "check", "--json"))
    assert (checked["layers"][""]["model"], checked["layers"][""]["endpoint"]) == (342, 1023)
    assert not [problem for problem in checked["problems"] if problem["fatal"]]


def test_what_is_refused_is_listed_by_row_and_field_and_changes_nothing(command: Trunkline, overlay: Path):
    overlay.write_text(OVERLAY.replace("context_length: 8192", "context_length: lots").replace("acme:", "Acme:"))
    done = command("catalog", "import", str(overlay))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "acme/coder-1: context_length: expected an integer" in done.stderr
    assert "is no provider slug" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("trunkline: refused, nothing was changed")
    assert numbers(command) == [1]
    told = command("catalog", "import", str(overlay), "--json")
    assert told.returncode == 1
    assert {problem["field"] for problem in json.loads(told.stdout)["problems"]} >= {"context_length"}


def test_a_price_that_jumped_needs_accept(command: Trunkline, overlay: Path):
    command("catalog", "import", str(overlay))
    overlay.write_text(OVERLAY.replace("prompt: 0.000001", "prompt: 1"))
    refused = command("catalog", "import", str(overlay))
    assert refused.returncode == 1
    assert "pricing.prompt: moved more than 100 times, from 0.000001 to 1" in refused.stderr
    assert "--accept" in refused.stderr
    assert command("catalog", "import", str(overlay), "--accept").returncode == 0


def test_a_dry_run_writes_nothing(command: Trunkline, overlay: Path):
    done = command("catalog", "import", str(overlay), "--dry-run")
    assert done.returncode == 0
    assert "nothing was written" in done.stdout
    assert numbers(command) == [1]


def test_differences_and_the_way_back(command: Trunkline, overlay: Path):
    command("catalog", "import", str(overlay))
    overlay.write_text(OVERLAY.replace("8192", "16384"))
    command("catalog", "import", str(overlay))
    (change,) = printed(command("catalog", "diff", "--json"))
    assert change == {
        "change": "changed",
        "kind": "model",
        "layer": "team",
        "key": "acme/coder-1",
        "fields": {"context_length": {"before": 8192, "after": 16384}},
    }
    assert "context_length: 8192 -> 16384" in command("catalog", "diff", "2", "3").stdout
    assert {row["change"] for row in printed(command("catalog", "diff", "1", "--json"))} == {"added"}
    assert printed(command("catalog", "rollback", "1", "--json")) == {"revision": 4, "changed": True}
    assert printed(command("catalog", "diff", "1", "4", "--json")) == []
    assert "nothing changed" in command("catalog", "rollback", "1").stdout
    assert numbers(command) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("import",), "at least one file"),
        (("import", "absent.json"), "absent.json: cannot be read: No such file"),
        (("import", "."), "cannot be read: Is a directory"),
        (("import", "absent.json", "--format", "xml"), "there is no format xml"),
        (("sync",), "no feed is enabled"),
        (("sync", "nowhere"), "there is no feed nowhere"),
        (("rollback", "99"), "there is no revision 99"),
        (("history", "--limit", "0"), "--limit"),
        (("import", "http://example.com/models"), "https only"),
        (("import", "http://127.0.0.1:1/models"), "cannot be reached"),
        (("diff", "98"), "there is no revision 98"),
    ],
)
def test_what_cannot_be_done_is_one_line(command: Trunkline, arguments: tuple[str, ...], message: str):
    done = command("catalog", *arguments)
    assert done.returncode == (1 if arguments[0] == "diff" or "http:" in arguments[-1] else 2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


class Site(BaseHTTPRequestHandler):
    """Answers every path with the server's document."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.document)  # type: ignore[attr-defined]

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    row = {"id": "acme/live", "name": "Live", "pricing": {"prompt": "0.000001", "completion": "0"}}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.document = json.dumps([row]).encode()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_is_imported_and_its_secrets_are_not_shown(command: Trunkline, site: str):
    done = command("catalog", "import", f"{site}/models?key=canary", "--merge", "--json")
    assert printed(done)["counts"]["model"]["added"] == 1
    assert "canary" not in command("catalog", "history").stdout
    assert "/models" in command("model", "acme/live").stdout


def test_a_configured_feed_is_synchronised_as_its_own_revision(command: Trunkline, site: str, home: Path):
    home.mkdir()
    (home / "trunkline.toml").write_text(f'[feeds.ours]\nurl = "{site}/models"\n')
    done = command("catalog", "sync", "--merge")
    assert done.returncode == 0, done.stderr
    assert printed(command("catalog", "history", "--json"))[0]["title"] == "sync ours"
    assert command("catalog", "sync", "ours", "--merge").stdout == "nothing changed\n"


def test_a_list_that_drops_most_models_is_refused(command: Trunkline, site: str):
    done = command("catalog", "import", f"{site}/models")
    assert done.returncode == 1
    assert "models would be gone" in done.stderr
