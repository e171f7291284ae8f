"""What type checkers make of the client: right use passes mypy --strict and pyright, each mistake is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.environments import environment

FILES = Path(__file__).parent / "typing"
CHECKERS = ("mypy", "pyright")

pytestmark = pytest.mark.slow


def mypy(file: Path, cache: Path) -> set[int]:
    """Return the lines that mypy refuses."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "--output=json", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line]
    return {problem["line"] for problem in found if problem["severity"] == "error"}


def pyright(file: Path) -> set[int]:
    """Return the lines that pyright refuses (as packed by PyPI's basedpyright, which brings its own Node)."""
    checker = environment("basedpyright").python.with_name("basedpyright")
    done = subprocess.run(
        [checker, "--outputjson", "--project", FILES, "--pythonpath", sys.executable, file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    return {
        problem["range"]["start"]["line"] + 1
        for problem in report["generalDiagnostics"]
        if problem["severity"] == "error" and problem.get("rule") != "reportUnusedExpression"
    }


@pytest.mark.parametrize("checker", CHECKERS)
def test_right_use_passes(checker: str, tmp_path: Path):
    file = FILES / "usage.py"
    assert (mypy(file, tmp_path) if checker == "mypy" else pyright(file)) == set()


@pytest.mark.parametrize("checker", CHECKERS)
def test_each_mistake_is_found_and_nothing_else(checker: str, tmp_path: Path):
    file = FILES / "mistakes.py"
    lines = file.read_text().splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}
    assert len(expected) > 15
    assert (mypy(file, tmp_path) if checker == "mypy" else pyright(file)) == expected
