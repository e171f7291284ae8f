"""Own keys at providers on the command line: typed nowhere where others could see them."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import COMMAND, Trunkline

SECRET = "sk-proj-canary-of-the-command-line-AbCd"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with one account."""
    home = tmp_path_factory.mktemp("byok") / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    command = [COMMAND, "account", "create", "acme", "--home", home]
    subprocess.run(command, env=clean, capture_output=True, check=True)
    return home


@pytest.fixture
def acme(trunkline: Trunkline, template: Path, home: Path) -> Trunkline:
    """Return the command on a home with one account."""
    shutil.copytree(template, home)
    return trunkline


def add(environment: dict[str, str], *arguments: str, said: str = f"{SECRET}\n") -> subprocess.CompletedProcess[str]:
    """Run `trunkline byok add` with a key on standard input."""
    return subprocess.run(
        [COMMAND, "byok", "add", *arguments],
        env=environment,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_key_is_added_listed_and_removed(acme: Trunkline, environment: dict[str, str], home: Path):
    added = add(environment, "openai", "name=production", "allowed_models=openai/gpt-4")
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout.startswith("added sk-...AbCd for openai (")
    second = acme("byok", "add", "openai", "--everywhere", "is_fallback=true", "--json", TRUNKLINE_BYOK_KEY=SECRET)
    shown = json.loads(second.stdout)
    assert (shown["workspace_id"], shown["is_fallback"], shown["label"]) == (None, True, "sk-...AbCd")
    listed = json.loads(acme("byok", "list", "--provider", "openai", "--json").stdout)
    assert [row["name"] for row in listed] == [None, "production"]
    table = acme("byok", "list").stdout
    assert "production" in table
    assert "fallback" in table
    resealed = acme("byok", "reseal", TRUNKLINE_SECRET_KEY="ab" * 32)
    assert resealed.stdout == "encrypted 2 keys anew\n"
    lost = acme("byok", "reseal")
    assert (lost.returncode, lost.stdout.count("cannot be read: it was encrypted with another secret_key")) == (1, 2)
    assert acme("byok", "remove", "production").stdout.startswith("removed sk-...AbCd for openai (")
    stored = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert SECRET.encode() not in stored
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600
    for text in (added.stdout, second.stdout, table, acme("audit").stdout):
        assert "canary" not in text


def test_a_key_is_asked_for_on_a_terminal_and_not_shown(acme: Trunkline, environment: dict[str, str]):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "byok", "add", "openai"],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    try:
        while b"not shown" not in said:
            said += os.read(ours, 4096)
        os.write(ours, f"{SECRET}\n".encode())
        while b"added" not in said:
            said += os.read(ours, 4096)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert b"sk-...AbCd" in said
    assert b"canary" not in said


@pytest.mark.parametrize(
    ("arguments", "said", "refusal"),
    [
        (("openai",), "", "no key: set TRUNKLINE_BYOK_KEY, or write it to standard input"),
        (("openai", f"key={SECRET}"), "", "the key is not typed on the command line, where others can see it"),
        (("nobody",), SECRET, "provider: cannot be called by this server; it can call "),
    ],
)
def test_what_cannot_be_used_is_one_line(
    acme: Trunkline, environment: dict[str, str], arguments: tuple[str, ...], said: str, refusal: str
):
    refused = add(environment, *arguments, said=said)
    assert refused.returncode != 0
    assert refused.stderr.startswith(f"trunkline: {refusal}")
    assert refused.stderr.count("\n") == 1
    assert "canary" not in refused.stderr + refused.stdout


def test_a_secret_key_that_is_none_is_refused(acme: Trunkline):
    refused = acme("byok", "add", "openai", TRUNKLINE_BYOK_KEY=SECRET, TRUNKLINE_SECRET_KEY="canary")
    assert (refused.returncode, "canary" in refused.stderr) == (2, False)
    assert "secret_key: expected 32 random bytes" in refused.stderr
