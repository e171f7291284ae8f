"""Node with the npm packages that read the catalogue, installed by make from their lock."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.environments import ROOT, environment

PACKAGES = Path(".tools") / "clients" / "node" / "packages"


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that finds the packages in a folder."""

    program: Path
    packages: Path

    def run(self, script: Path, *arguments: str, told: Any) -> Any:
        """Run a script with `told` as JSON on its standard input, and return the JSON that it prints."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENROUTER_", "NODE_"))}
        done = subprocess.run(
            [self.program, script, self.packages, *arguments],
            input=json.dumps(told),
            env=clean,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def node() -> Node:
    """Return Node with the packages of package-lock.json, fetched unless they are there already."""
    program = environment("node").python.with_name("node")
    made = subprocess.run(
        ["make", "--silent", PACKAGES / ".installed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return Node(program, ROOT / PACKAGES)
