"""Tables for people: one look for all commands, whole width when the output is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from trunkline.server.domain.catalog import pricing


def show(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = (), headings: bool = True
) -> None:
    """Print rows under column headings; `right` names the columns set flush right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=headings)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 240).print(table)


def usd_per_million(price: str, unknown: str) -> str:
    """Return a wire price (USD per token) as USD per million tokens, `unknown` where it is not known."""
    amount = pricing.amount(price)
    return unknown if amount is None else pricing.plain(amount * 1_000_000)
