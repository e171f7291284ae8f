"""The wheel as people install it: without extras it is the client alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.live.wire import Site

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".tools" / "uv" / "bin" / "uv"

pytestmark = pytest.mark.slow


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    known = {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
    return subprocess.run(command, env=clean | known | variables, cwd="/", capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's wheel, built as a release is."""
    folder = tmp_path_factory.mktemp("wheel")
    constraints = ROOT / "requirements" / "build.txt"
    built = run(UV, "build", "--wheel", "--build-constraints", constraints, "--out-dir", folder, ROOT)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel and what it pulls in, at the locked versions."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    made = run(UV, "venv", "--python", sys.executable, folder)
    assert made.returncode == 0, made.stderr
    locked = folder.with_name("locked.txt")
    lines = (ROOT / "requirements" / "server.txt").read_text().splitlines()
    locked.write_text("\n".join(line.partition(" ")[0] for line in lines if "==" in line and line[0].isalpha()))
    python = folder / "bin" / "python"
    installed = run(UV, "pip", "install", "--python", python, "--constraints", locked, wheel)
    assert installed.returncode == 0, installed.stderr
    return folder / "bin"


def test_at_most_three_packages_are_pulled_in_and_none_of_the_servers(bare: Path):
    listed = run(UV, "pip", "list", "--format", "json", "--python", bare / "python")
    pulled_in = {package["name"] for package in json.loads(listed.stdout)} - {"trunkline"}
    assert {"msgspec", "pyreqwest"} <= pulled_in
    assert len(pulled_in) <= 3


def test_the_client_works(bare: Path, bundled: Site):
    code = (
        "import asyncio\n"
        "from trunkline import OpenRouter, components, errors, operations, types, utils\n"
        "with OpenRouter() as client:\n"
        "    blocking = client.models.list(output_modalities='all')\n"
        "    awaited = asyncio.run(client.models.list_async(output_modalities='all'))\n"
        "    print(len(blocking.data), len(awaited.data), blocking.data[0].pricing.prompt_usd_per_million_tokens)\n"
    )
    done = run(bare / "python", "-W", "error", "-c", code, TRUNKLINE_URL=bundled.url)
    assert done.returncode == 0, done.stderr
    count = len(bundled.get("/models?output_modalities=all").ids)
    assert done.stdout.split()[:2] == [str(count)] * 2


def test_the_command_says_in_one_line_what_it_needs(bare: Path):
    version = run(bare / "trunkline", "--version")
    assert (version.returncode, version.stderr) == (0, "")
    serve = run(bare / "trunkline", "serve")
    assert serve.returncode == 2
    (line,) = serve.stderr.splitlines()
    assert "pip install 'trunkline[server]'" in line
    assert serve.stdout == ""


def test_the_wheel_holds_the_typed_package_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert "trunkline/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"trunkline"}
    assert not [name for name in names if "test" in name or "__pycache__" in name]
