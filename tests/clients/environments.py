"""Official clients, each in an environment of its own: their versions share an import name, and ours stays clean."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python that has one client and nothing of ours."""

    python: Path

    def run(self, script: Path, *arguments: str, told: Any = None, **variables: str) -> Any:
        """Run a script with `told` as JSON on its standard input, and return the JSON that it prints last."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENROUTER_", "PYTHON"))}
        done = subprocess.run(
            [self.python, script, *arguments],
            input=json.dumps(told),
            env=clean | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


def environment(name: str) -> Environment:
    """Return the environment of `requirements/clients/NAME.txt`, made by make unless it is there already."""
    stamp = Path(".tools") / "clients" / name / ".installed"
    made = subprocess.run(["make", "--silent", stamp], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return Environment(ROOT / stamp.parent / "venv" / "bin" / "python")
