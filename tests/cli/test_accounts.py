"""Accounts on the command line: made, restricted, explained and audited, with the use cases that the API has."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import COMMAND, Trunkline
from tests.server.adapters.memory.records import record
from trunkline.cli.main import COMMANDS
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.journal import Settled
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.domain.catalog.builder import build
from trunkline.server.usecases import accounts

KEY = re.compile("sk-or-v1-[0-9a-f]{64}")
MANAGEMENT = "sk-or-v1-" + "ab" * 32


def loaded(done: subprocess.CompletedProcess[str]) -> Any:
    """Return the JSON that a command printed."""
    assert (done.returncode, done.stderr) == (0, ""), done
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one account."""
    home = tmp_path_factory.mktemp("accounts") / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    made = subprocess.run(
        [COMMAND, "account", "create", "acme", "--home", home], env=clean, capture_output=True, text=True, check=True
    )
    assert KEY.match(made.stdout)
    return home


@pytest.fixture
def acme(trunkline: Trunkline, template: Path, home: Path) -> Trunkline:
    """Return the command on a home with one account."""
    shutil.copytree(template, home)
    return trunkline


def test_an_account_is_made_restricted_and_shown(acme: Trunkline, tmp_path: Path):
    loaded(acme("account", "set", "enable_paid_model_training=true", "ignored_providers=openai,azure", "--json"))
    file = tmp_path / "privacy.toml"
    file.write_text('enforce_zdr_other = true\nregions = ["eu"]\nignored_providers = ["openai"]\n')
    changed = loaded(acme("account", "set", "--file", str(file), "enable_paid_model_training=null", "--json"))
    assert changed["enforce_zdr_other"] is True
    assert (changed["regions"], changed["ignored_providers"]) == (["eu"], ["openai"])
    assert changed["enable_paid_model_training"] is None
    assert loaded(acme("account", "show", "--json")) == changed
    assert "enforce_zdr_other" in acme("account", "show").stdout
    (listed,) = loaded(acme("account", "list", "--json"))
    assert listed == changed


def test_several_accounts_have_to_be_told_apart(acme: Trunkline):
    acme("account", "create", "other", "--personal")
    refused = acme("keys", "list")
    assert refused.returncode == 2
    assert re.match(r"trunkline: --account: expected one of acme \(.+\), other \(.+\)\n", refused.stderr)
    assert loaded(acme("keys", "list", "--account", "other", "--json")) == []
    assert acme("members", "list", "--account", "other").stderr == "trunkline: there is no such row in this account\n"


def test_a_key_lives_from_creation_to_deletion(acme: Trunkline, home: Path):
    made = acme("keys", "create", "ci", "--limit", "2.5", "--limit-reset", "monthly")
    secret, line = made.stdout.splitlines()
    assert KEY.fullmatch(secret)
    assert line.startswith("ci, hash ")
    shown = loaded(acme("keys", "show", "ci", "--json"))
    assert (shown["limit"], shown["limit_reset"], shown["disabled"]) == (2.5, "monthly", False)
    assert loaded(acme("keys", "show", shown["hash"][:8], "--json")) == shown
    assert loaded(acme("keys", "show", secret, "--json")) == shown
    assert loaded(acme("keys", "set", "ci", "disabled=true", "limit=null", "--json"))["disabled"] is True
    assert loaded(acme("keys", "list", "--json")) == []
    assert [key["name"] for key in loaded(acme("keys", "list", "--all", "--json"))] == ["ci"]
    assert "Management key" in acme("keys", "list").stdout
    assert acme("keys", "delete", "ci").stdout.startswith("deleted ci (sk-or-v1-")
    assert acme("keys", "show", "ci").stderr == "trunkline: no rows of this account are named ci\n"
    assert secret.encode() not in b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())


def test_a_management_key_can_be_made_and_revoked(acme: Trunkline):
    assert KEY.match(acme("keys", "create", "deploy", "--management").stdout)
    assert re.search(r"deploy +sk-or-v1-\S+ +\S+ +management", acme("keys", "list").stdout)
    assert acme("keys", "delete", "deploy").returncode == 0
    assert "deploy" not in acme("keys", "list").stdout


def test_guardrails_are_previewed_made_assigned_and_explained(acme: Trunkline):
    acme("keys", "create", "ci")
    (left,) = loaded(acme("guardrails", "preview", "allowed_providers=azure", "--key", "ci", "--json"))
    assert 0 < left["models"] < left["of_models"]
    assert left["lost"]
    assert (
        f"leaves {left['models']} of {left['of_models']} models"
        in acme("guardrails", "preview", "allowed_providers=azure", "--key", "ci").stdout
    )
    made = loaded(acme("guardrails", "create", "azure only", "allowed_providers=azure", "--json"))
    assert made["allowed_providers"] == ["azure"]
    assert acme("guardrails", "assign", "azure only", "--key", "ci").stdout == "assigned: 1 keys, 0 members\n"
    explained = loaded(acme("explain", "ci", left["lost"][0], "--json"))
    assert explained["listed"] is False
    assert {one["failures"][0]["rule"] for one in explained["endpoints"]} == {"allowed_providers"}
    assert len(explained["change"]) == 1
    table = acme("explain", "ci", left["lost"][0]).stdout
    assert "does not see" in table
    assert "key guardrail: allowed_providers azure (allowed_providers)" in table
    assert acme("guardrails", "unassign", "azure only", "--key", "ci").stdout == "taken away: 1 keys, 0 members\n"
    assert acme("guardrails", "delete", "azure only").returncode == 0
    set_default = acme("guardrails", "set", "default:default", "limit_usd=5", "reset_interval=daily", "--json")
    assert loaded(set_default)["limit_usd"] == 5


def test_a_preview_says_which_keys_called_what_they_would_lose(acme: Trunkline, home: Path):
    made = loaded(acme("keys", "create", "ci", "--json"))
    database = open_database(home / "trunkline.db")
    try:
        (account,) = accounts.list_accounts(database.accounts)
        snapshot = build(database.catalog.facts(), 1, time.time())[0]
        slug = snapshot.rows[snapshot.positions["openai/gpt-4"]].standing.permaslug
        told = {"account_id": account.id, "key_hash": made["data"]["hash"], "created": time.time()}
        one = record(**told, model="openai/gpt-4", permaslug=slug, endpoint="openai/gpt-4 openai 0")
        SqlTraffic(database.engine).write([Settled(one, msgspec.json.encode(one))], "run", time.time())
    finally:
        database.close()
    preview = ("guardrails", "preview", "ignored_models=openai/gpt-4", "--key", "ci")
    (left,) = loaded(acme(*preview, "--json"))
    today = left["missing"][0]["models"][0].pop("last_used")
    assert left["missing"] == [
        {
            "hash": made["data"]["hash"],
            "name": "ci",
            "label": made["data"]["label"],
            "models": [{"model": "openai/gpt-4", "requests": 1}],
        }
    ]
    assert f"ci called openai/gpt-4 1 times, on {today} last" in acme(*preview).stdout


def test_workspaces_have_budgets_and_members(acme: Trunkline):
    member = loaded(acme("members", "add", "ada@example.com", "--first-name", "Ada", "--json"))
    assert acme("workspaces", "create", "team", "--name", "The team").stdout.startswith("made team (")
    assert acme("workspaces", "budget", "team", "monthly", "500").stdout == "$500 monthly\n"
    refused = acme("workspaces", "budget", "team", "weekly", "600")
    assert refused.returncode == 2
    assert "must be greater than the weekly limit ($600)" in refused.stderr
    assert acme("workspaces", "add-members", "team", member["id"]).stdout == "added 1 members\n"
    shown = acme("workspaces", "show", "team").stdout
    assert "$500 monthly" in shown
    assert f"{member['id']} (member)" in shown
    assert acme("workspaces", "remove-members", "team", member["id"]).stdout == "removed 1 members\n"
    assert acme("workspaces", "delete", "team").stdout == "deleted team\n"
    assert acme("members", "remove", "ada@example.com").stdout == "removed ada@example.com\n"


def test_every_change_is_in_the_audit_trail(acme: Trunkline):
    acme("keys", "create", "ci")
    acme("keys", "set", "ci", "disabled=true")
    newest, *older = loaded(acme("audit", "--json"))
    assert (newest["action"], newest["noun"], newest["actor"]["via"]) == ("update", "key", "cli")
    assert (newest["before"]["disabled"], newest["after"]["disabled"]) == (False, True)
    assert [entry["id"] for entry in older] == list(range(newest["id"] - 1, 0, -1))
    assert "disabled: no -> yes" in acme("audit", "--limit", "1").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["keys", "set", "ci"], "No update fields provided"),
        (["keys", "set", "ci", "colour=red"], "there is no setting colour; known are name, disabled"),
        (["keys", "set", "ci", "disabled"], "disabled: expected name=value"),
        (["keys", "set", "ci", "limit=-1"], "limit: "),
        (["guardrails", "create", "g", "allowed_models=openai/nonesuch"], "allowed_models.0: 'openai/nonesuch' is no"),
        (["explain", "ci", "openai/nonesuch"], "There is no such model"),
        (["guardrails", "set", "default:none", "description=x"], "there is no workspace none"),
    ],
)
def test_what_cannot_be_done_is_one_line(acme: Trunkline, arguments: list[str], said: str):
    acme("keys", "create", "ci")
    refused = acme(*arguments)
    assert refused.returncode in {1, 2}
    assert refused.stderr.startswith(f"trunkline: {said}"), refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_home_without_an_account_says_how_to_make_one(trunkline: Trunkline):
    refused = trunkline("keys", "list")
    assert refused.stderr == "trunkline: there is no account yet: trunkline account create NAME makes one\n"


@pytest.mark.parametrize("command", ["keys", "guardrails", "workspaces", "members", "account"])
def test_every_subcommand_has_an_example(trunkline: Trunkline, command: str):
    assert command in {row.name for row in COMMANDS}
    commands = re.findall(r"│ ([a-z-]+) ", trunkline(command, "--help").stdout)
    assert len(commands) >= 3
    for one in commands:
        assert f"Example: trunkline {command} {one}" in trunkline(command, one, "--help").stdout


@pytest.mark.parametrize("command", ["explain", "audit"])
def test_every_single_command_has_an_example(trunkline: Trunkline, command: str):
    assert f"Example: trunkline {command} " in trunkline(command, "--help").stdout


def test_the_first_start_takes_the_management_key_that_is_set(environment: dict[str, str], trunkline: Trunkline):
    said = serve_until_ready(environment | {"TRUNKLINE_MANAGEMENT_KEY": MANAGEMENT})
    assert "made the account default (" in said
    assert not KEY.search(said)
    assert "sk-or-v1-aba...bab" in trunkline("keys", "list").stdout
    again = serve_until_ready(environment | {"TRUNKLINE_MANAGEMENT_KEY": MANAGEMENT})
    assert "account" not in again


def test_the_first_start_shows_a_drawn_key_on_a_terminal_once(environment: dict[str, str], home: Path):
    said = serve_until_ready(environment, terminal=True)
    (key,) = KEY.findall(said)
    assert key.encode() not in b"".join(file.read_bytes() for file in home.iterdir() if file.is_file())
    assert not KEY.search(serve_until_ready(environment, terminal=True))


def test_a_management_key_of_another_form_is_refused(trunkline: Trunkline):
    refused = trunkline("serve", "--port", "0", TRUNKLINE_MANAGEMENT_KEY="secret-canary")
    assert refused.returncode == 2
    assert refused.stderr == "trunkline: the management key must be sk-or-v1- and 64 hexadecimal digits (lower case)\n"
    assert "canary" not in refused.stdout


def serve_until_ready(environment: dict[str, str], *, terminal: bool = False) -> str:
    """Return what a server says from its start until it is ready, on a pipe or on a terminal."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen([COMMAND, "serve", "--port", "0"], env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while b"ready in" not in said:
            heard = os.read(ours, 65_536)
            assert heard, said
            said += heard
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return said.decode()
