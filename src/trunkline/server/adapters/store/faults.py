"""The one place where a database's errors become `StoreUnavailable` with a line that names the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trunkline.server.errors import StoreUnavailable

MEANINGS: Final = (
    ("file is not a database", "is not a catalogue database"),
    ("database disk image is malformed", "is damaged; restore a backup"),
    ("database is locked", "is locked by another program"),
    ("database schema is locked", "is locked by another program"),
    ("readonly database", "cannot be written: the file or its folder is read-only"),
    ("unable to open database file", "cannot be opened: its folder is missing or may not be read and written"),
    ("disk is full", "cannot be written: the disk is full"),
    ("disk i/o error", "cannot be read or written: the disk answers with an error"),
    ("lock timeout", "is locked by another program"),
    ("too many clients", "takes no more connections"),
    ("remaining connection slots", "takes no more connections"),
    ("queuepool limit", "is busy: every connection is in use"),
)
"""A part of a database's own message, and how we say it.

Sources: sqlite3ErrStr in SQLite's main.c, PostgreSQL's proc.c and postinit.c, SQLAlchemy's pool."""


@contextmanager
def mapped(place: str) -> Iterator[None]:
    """Raise `StoreUnavailable("<place> <what is wrong>")` for every database or file error inside.

    `place` is the file's path or a URL without its password.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StoreUnavailable(f"{place} {_meaning(error)}") from error


def _meaning(error: SQLAlchemyError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be used: {error.strerror or type(error).__name__}"
    # Not str(error): that one carries the statement and links to a web page.
    reason = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    for part, meaning in MEANINGS:
        if part in reason.lower():
            return meaning
    return f"cannot be used: {' '.join(reason.split())}"
