"""The apps that call: numbered when they are first seen, named as they last called themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from trunkline.server.adapters.store.traffic_tables import APPS
from trunkline.server.domain.generation.record import GenerationRecord

MOST_CATEGORIES: Final = 10
_RENAME: Final = (
    update(APPS)
    .where(APPS.c.id == bindparam("app"))
    .values(title=bindparam("new_title"), categories=bindparam("new_categories"))
)


def number_apps(connection: Connection, records: Iterable[GenerationRecord], now: float) -> dict[str, int]:
    """Return the numbers of the apps behind generations by their origin; new ones get one, others a newer title.

    Categories are merged, ten at most. Nobody else writes apps meanwhile.
    """
    named: dict[str, tuple[str | None, list[str]]] = {}
    for record in records:
        if record.referer:
            title, categories = named.get(record.referer, (None, []))
            named[record.referer] = (_text(record.app_title) or title, _merged(categories, record.app_categories))
    if not named:
        return {}
    known = {row.origin: row for row in connection.execute(select(*APPS.c).where(APPS.c.origin.in_(named)))}
    new = [
        {"origin": origin, "title": title, "categories": categories, "created": datetime.fromtimestamp(now, UTC)}
        for origin, (title, categories) in named.items()
        if origin not in known
    ]
    changed = [change for origin, row in known.items() if (change := _change(row, *named[origin])) is not None]
    if changed:
        connection.execute(_RENAME, changed)
    if new:
        connection.execute(insert(APPS), new)
    rows = connection.execute(select(APPS.c.origin, APPS.c.id).where(APPS.c.origin.in_(named)))
    return {origin: int(number) for origin, number in rows}


def _change(row: Any, title: str | None, categories: list[str]) -> dict[str, Any] | None:
    title, categories = title or row.title, _merged(row.categories, categories)
    if (title, categories) == (row.title, row.categories):
        return None
    return {"app": row.id, "new_title": title, "new_categories": categories}


def _merged(known: Iterable[str], more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*known, *more)))[:MOST_CATEGORIES]


def _text(title: str | None) -> str | None:
    # PostgreSQL's text has no U+0000.
    return title.replace("\0", "") if title else None
