"""What every test may ask for: the real command, run as people run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.server import bundle
from trunkline.server.adapters.providers.configuration import variable_names

for _name in variable_names(bundle.document()["providers"]):
    os.environ.pop(_name, None)  # a developer's own keys must not switch providers on in servers under test

Trunkline = Callable[..., "subprocess.CompletedProcess[str]"]

COMMAND = Path(sys.executable).with_name("trunkline")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a data folder of this test's own; it does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """Return this process's environment without its TRUNKLINE_* variables, with the test's own home."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    return clean | {"TRUNKLINE_HOME": str(home), "COLUMNS": "200"}


@pytest.fixture
def trunkline(environment: dict[str, str], tmp_path: Path) -> Trunkline:
    """Return a function that runs `trunkline ARGUMENTS` to its end; keywords are further variables."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            env=environment | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run
