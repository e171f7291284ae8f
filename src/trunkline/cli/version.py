"""`trunkline version`. Imports nothing but the version, so that it always answers."""

from __future__ import annotations

import sys

from trunkline import __version__


def version() -> None:
    """Print the version."""
    sys.stdout.write(f"trunkline {__version__}\n")
