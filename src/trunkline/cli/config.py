"""`trunkline config`: the effective settings and where each came from; passwords are masked."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from trunkline.cli.flags import Listen

_HERE = Listen()


def config(flags: Listen = _HERE, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Show the effective settings and where each came from.

    Parameters
    ----------
    json
        Print one JSON object: name -> value and origin.
    """
    shown = list(flags.load().shown())
    if json:
        document = {name: {"value": value, "from": origin} for name, value, origin in shown}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "value", "from"):
        table.add_column(heading, overflow="fold")
    for name, value, origin in shown:
        table.add_row(name, _text(value), origin)
    Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 240).print(table)


def _text(value: Any) -> str:
    if value is None or value == ():
        return "-"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
