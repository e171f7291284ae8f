"""Draws docs/images/models.svg: what `trunkline models` prints on the bundled catalogue."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMAND = [
    "models",
    "--supported-parameters",
    "tools",
    "--context",
    "128000",
    "--min-price",
    "0.01",
    "--sort",
    "pricing-low-to-high",
    "--limit",
    "10",
]


def main(home: str) -> None:
    """Run the command on a home and draw its output."""
    trunkline = Path(sys.executable).parent / "trunkline"
    printed = subprocess.run([trunkline, *COMMAND, "--home", home], capture_output=True, text=True, check=True).stdout
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(Text("$ trunkline " + " ".join(COMMAND), style="bold"))
    console.print(Text("\n".join(line.rstrip() for line in printed.splitlines())))
    target = Path(__file__).with_name("models.svg")
    drawn = console.export_svg(title="trunkline")
    # Its fonts would come from a CDN: readers' own monospace does as well.
    target.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))


if __name__ == "__main__":
    main(sys.argv[1])
