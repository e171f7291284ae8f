"""All faults, by kind; `python -m tests.gateway.fault_tables` writes them into docs/faults.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.gateway.answer_faults import BODIES, CALLS, COUNTS, EVENTS
from tests.gateway.connection_faults import CONNECTIONS, PROTOCOL
from tests.gateway.fault_rows import Row
from tests.gateway.status_faults import HINTS, STATUSES

PAGE: Final = Path(__file__).parents[2] / "docs" / "faults.md"
MARK: Final = "<!-- From here on written by: python -m tests.gateway.fault_tables -->\n"
GROUPS: Final[dict[str, list[Row]]] = {
    "Connections": CONNECTIONS,
    "HTTP": PROTOCOL,
    "Statuses": STATUSES,
    "Hints of when to come back": HINTS,
    "Bodies": BODIES,
    "Streams": EVENTS,
    "Usage": COUNTS,
    "Tool calls": CALLS,
}


def tables() -> str:
    """Return the rows as the documentation has them, a table for each group."""
    head = "| what the provider does | whole | stream, before a token | stream, after tokens | next provider |\n"
    parts = []
    for title, rows in GROUPS.items():
        lines = [f"| {row.what} | {' | '.join(cell or '-' for cell in (*row.cells, row.next))} |" for row in rows]
        parts.append(f"### {title}\n\n{head}| --- | --- | --- | --- | --- |\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """Return the page with its tables as the rows say."""
    return f"{PAGE.read_text().partition(MARK)[0]}{MARK}\n{tables()}"


if __name__ == "__main__":
    PAGE.write_text(page())
