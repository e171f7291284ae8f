"""`trunkline db`: upgrades, backs up, restores and checks the store."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from trunkline.cli.flags import Place
from trunkline.cli.serve import prepare_home
from trunkline.cli.tables import show
from trunkline.server.adapters.store import copying, database, upkeep

app = App(name="db", help="Upgrade, back up, restore and check the store.")

_HERE = Place()
Json = Annotated[bool, Parameter(negative="", help="Print JSON.")]


@app.command
def upgrade(*, place: Place = _HERE) -> None:
    """Create the tables or bring them up to this version; a file is copied first.

    `serve` does so by itself for a file, but not for a server's database, which other replicas may be using.

    Example: `TRUNKLINE_DATABASE_URL=postgresql://trunkline@db/trunkline trunkline db upgrade`
    """
    settings = place.load().settings
    prepare_home(settings.home)
    done = database.upgrade(settings.store)
    if done.backup is not None:
        _say(f"the store as it was: {done.backup}")
    if done.before == done.after:
        _say(f"the store is up to date (schema {done.after})")
    else:
        _say(f"upgraded from {'nothing' if done.before is None else f'schema {done.before}'} to schema {done.after}")


@app.command
def backup(to: Path | None = None, *, place: Place = _HERE) -> None:
    """Copy the store, which may be in use, into an SQLite file.

    The copy is a store like any other: `TRUNKLINE_DATABASE_URL=sqlite:////path/to/copy trunkline serve` serves it.

    Example: `trunkline db backup /backups/trunkline.db`

    Parameters
    ----------
    to
        The file to make; by default beside the store, with the time in its name.
    """
    _say(str(upkeep.back_up(place.load().settings.store, datetime.now(UTC), to)))


@app.command
def restore(source: str, /, *, place: Place = _HERE) -> None:
    """Fill the store, which must be empty, from a backup or another store: a file, or the URL of a server's database.

    Also the way from a file to PostgreSQL. Accounts' own keys at providers need the `secret.key` of the home too.

    Example: `TRUNKLINE_DATABASE_URL=postgresql://trunkline@db/trunkline trunkline db restore /backups/trunkline.db`

    Parameters
    ----------
    source
        The backup or store to copy; it stays as it is.
    """
    settings = place.load().settings
    prepare_home(settings.home)
    rows = copying.restore(source, settings.store, settings.home)
    _say(f"restored {sum(rows.values()):,} rows of {sum(map(bool, rows.values()))} tables")


@app.command
def check(*, json: Json = False, place: Place = _HERE) -> int:
    """Read the whole store and list what is wrong; exit code 1 when anything is."""
    report = upkeep.check(place.load().settings.store)
    if json:
        _say(msgspec.json.encode(report).decode())
    else:
        _say(f"{report.place}, schema {report.schema}")
        show(("table", "rows"), [(name, str(count)) for name, count in report.rows.items()], right=("rows",))
        for problem in report.problems:
            print(problem, file=sys.stderr)  # noqa: T201
        _say(f"{len(report.problems)} problems" if report.problems else "nothing is wrong")
    return int(bool(report.problems))


def _say(line: str) -> None:
    print(line)  # noqa: T201
