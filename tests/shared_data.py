"""Finds the folder of real catalogue files that tests may read but the project does not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("TRUNKLINE_SHARED") or Path(__file__).resolve().parents[2] / "shared")


def shared(path: str) -> Path:
    """Return a file of the folder (`data/openrouter-models-2026-08-22.json`); skip the test where it is absent."""
    file = ROOT / path
    if not file.exists():
        pytest.skip(f"{file} is not here")
    return file
