"""Files stay small enough to read in one go."""

from __future__ import annotations

from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 400
MEDIAN = 120
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "base", "manager", "misc"}

# The client's public names, which its users' documentation gives: `from openrouter import utils`.
DOCUMENTED = "src/trunkline/utils/"

# Files over the limit, with their size on the day they were let in: only ever remove lines or lower numbers.
ALLOWED: dict[str, int] = {}


def sizes() -> dict[str, int]:
    files = [file for folder in ("src", "tests", "catalog", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    return {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}


def test_no_file_is_longer_than_400_lines():
    too_long = {name: lines for name, lines in sizes().items() if lines > ALLOWED.get(name, LIMIT)}
    assert not too_long, "split it by its nouns"


def test_the_list_of_exceptions_only_shrinks():
    now = sizes()
    stale = {name for name, lines in ALLOWED.items() if now.get(name, 0) <= LIMIT}
    assert not stale, "no longer needed in ALLOWED"


def test_the_median_file_has_fewer_than_120_lines():
    lines = [lines for name, lines in sizes().items() if name.startswith("src/") and lines > 0]
    assert median(lines) < MEDIAN


def test_no_file_is_named_by_what_it_is_not():
    ours = (name for name in sizes() if not name.startswith(DOCUMENTED))
    vague = [name for name in ours if VAGUE & {Path(name).stem, *Path(name).parent.parts}]
    assert not vague, "a helper lives with its one user, or earns a noun"
