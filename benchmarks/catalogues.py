"""The catalogues that are measured: 421 real rows, or the bundled ones, and 100,000 made of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.machine import COMMAND, ROOT, WORK
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.runtime import load_catalogue
from trunkline.server.settings import Settings

SHARED = Path(os.environ.get("TRUNKLINE_SHARED") or ROOT.parent / "shared")
REAL = SHARED / "data" / "openrouter-models-2026-08-22.json"
MANY = 100_000


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A home to serve from, and how to call it in a table."""

    home: Path
    name: str
    models: int


def bundled() -> Catalogue:
    """Return a home with the catalogue that comes with the package."""
    home = WORK / "home-bundled"
    if not home.exists():
        trunkline("catalog", "history", "--home", str(home))
    return Catalogue(home, "the bundled catalogue", len(snapshot(home).rows))


def real() -> Catalogue:
    """Return a home with the real list of 421 models, or the bundled catalogue where that file is absent."""
    if not REAL.exists():
        return bundled()
    home = WORK / "home-real"
    if not home.exists():
        trunkline("catalog", "import", "--accept", "--home", str(home), str(REAL))
    return Catalogue(home, REAL.name, len(snapshot(home).rows))


def many() -> Catalogue:
    """Return a home with 100,000 models made of the real ones (or of the bundled ones)."""
    home = WORK / f"home-{MANY}"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        file = WORK / "many.json"
        with file.open("w") as written:
            json.dump({"data": multiplied(_rows(), MANY)}, written)
        trunkline("catalog", "import", "--accept", "--home", str(home), str(file))
        file.unlink()
        (home / "complete").touch()
    return Catalogue(home, f"{MANY:,} generated models", MANY)


def multiplied(rows: list[dict[str, Any]], wanted: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return `wanted` rows: the given ones again and again under new ids, each with other prices, context and age."""
    chance = Random(seed)
    made = []
    for number in range(wanted):
        row = rows[number % len(rows)]
        model = f"{row['id'].partition(':')[0].lstrip('~')}-{number}"
        factor = Decimal(chance.randint(1, 400)) / 100
        pricing = {
            name: price if not isinstance(price, str) or Decimal(price) < 0 else f"{Decimal(price) * factor:f}"
            for name, price in row["pricing"].items()
        }
        made.append(
            {key: value for key, value in row.items() if key != "alias_target"}
            | {
                "id": model,
                "canonical_slug": model,
                "name": f"{row['name']} {number}",
                "created": row["created"] - chance.randint(0, 40_000_000),
                "context_length": chance.choice((8_192, 32_768, 131_072, 200_000, 1_048_576)) + number % 1000,
                "pricing": pricing,
            }
        )
    return made


def trunkline(*arguments: str) -> str:
    """Run the command as people do and return what it says."""
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"trunkline {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def snapshot(home: Path) -> Snapshot:
    """Return a home's newest catalogue, loaded as the server does."""
    return load_catalogue(Settings(home=home))[0]


def _rows() -> list[dict[str, Any]]:
    if REAL.exists():
        rows: list[dict[str, Any]] = json.loads(REAL.read_text())["data"]
        return rows
    return [row.decode() for row in snapshot(bundled().home).rows]
