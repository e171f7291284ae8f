"""Our client beside the newest official one, in one run: start, reading the model list, and its memory.

Usage: python benchmarks/client/run.py [FILE], a model list as JSON (else the hosted service's of
2026-08-22 in the shared folder). The two take turns, each measurement in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
OFFICIAL = ROOT / ".tools" / "clients" / "openrouter-newest" / "venv" / "bin" / "python"
PYTHONS = {"trunkline": Path(sys.executable), "openrouter": OFFICIAL}
ROUNDS = 9

GOALS = (
    ("start", "ms", "import and construction", 0.25),
    ("read", "wall_ms", "list of models, wall time", 0.25),
    ("read", "work_ms", "list of models, processor time", 0.25),
    ("hold", "held_kb", "list of models, memory held", 0.5),
    ("hold", "peak_kb", "list of models, memory at its peak", 0.5),
)
"""What is measured, in which unit, and what share of the official client's figure ours is to stay within."""


def probe(package: str, what: str, url: str) -> dict[str, Any]:
    """Return one measurement."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENROUTER_", "PYTHON"))}
    done = subprocess.run(
        [PYTHONS[package], HERE / "probe.py", package, what, url],
        env=clean,
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(arguments: list[str]) -> int:
    """Measure, print a line for each goal, and return 1 where one is missed."""
    shared = Path(os.environ.get("TRUNKLINE_SHARED") or ROOT.parent / "shared")
    file = Path(arguments[0]) if arguments else shared / "data" / "openrouter-models-2026-08-22.json"
    subprocess.run(["make", "--silent", ".tools/clients/openrouter-newest/.installed"], cwd=ROOT, check=True)
    with subprocess.Popen([sys.executable, HERE / "serve.py", file], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/api/v1"
        try:
            found: dict[tuple[str, str], list[dict[str, Any]]] = {}
            for _ in range(ROUNDS):
                for what in ("start", "read", "hold"):
                    for package in PYTHONS:
                        found.setdefault((package, what), []).append(probe(package, what, url))
        finally:
            server.terminate()
    print(f"{file.name}, {found['trunkline', 'hold'][0]['rows']} rows; median of {ROUNDS} processes each")
    missed = 0
    for what, unit, title, goal in GOALS:
        ours, theirs = (median(one[unit] for one in found[package, what]) for package in PYTHONS)
        missed += ours > goal * theirs
        verdict = "within" if ours <= goal * theirs else "BEYOND"
        name = unit.rpartition("_")[2]
        print(f"{title:36} {ours:9.1f} {theirs:9.1f} {name:3} {ours / theirs:6.2f}, {verdict} {goal}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
