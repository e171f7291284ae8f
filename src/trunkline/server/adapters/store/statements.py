"""The catalogue's SQL, built once: plain inserts, updates and selects that every database of SQLAlchemy takes."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, insert, or_, select, update

from trunkline.server.adapters.store.tables import FACTS, REVISIONS

_f = FACTS.c
_identity = (
    _f.layer == bindparam("row_layer"),
    _f.kind == bindparam("row_kind"),
    _f.key == bindparam("row_key"),
)
_content = (_f.layer, _f.kind, _f.key, _f.wire, _f.notes, _f.source)
_current = _f.last_revision.is_(None)

HEAD: Final = select(func.coalesce(func.max(REVISIONS.c.number), 0))
HAS_REVISION: Final = select(REVISIONS.c.number).where(REVISIONS.c.number == bindparam("number"))
ADD_REVISION: Final = insert(REVISIONS)

END: Final = update(FACTS).where(*_identity, _current).values(last_revision=bindparam("row_revision"))
"""Ends a current row. Takes `row_layer`, `row_kind`, `row_key` and `row_revision`."""

_former = FACTS.alias("former")
_old_place = (
    select(_former.c.position)
    .where(
        _former.c.layer == bindparam("row_layer"),
        _former.c.kind == bindparam("row_kind"),
        _former.c.key == bindparam("row_key"),
    )
    .limit(1)
    .scalar_subquery()
)
ADD: Final = insert(FACTS).values(
    layer=bindparam("row_layer"),
    kind=bindparam("row_kind"),
    key=bindparam("row_key"),
    position=func.coalesce(_old_place, bindparam("row_position")),
    wire=bindparam("row_wire"),
    notes=bindparam("row_notes"),
    source=bindparam("row_source"),
    first_revision=bindparam("row_revision"),
)
"""Adds a version. All versions of a fact share one place, so that a changed row keeps it and a rollback restores
it; `row_position` is for a fact that never was. Takes `END`'s parameters and `row_wire`, `row_notes`, `row_source`."""

CURRENT: Final = select(*_content).where(_current).order_by(_f.layer, _f.kind, _f.position)
"""The newest state, base layer first because its name is empty."""


def _valid_at(revision: int) -> ColumnElement[bool]:
    return and_(_f.first_revision <= revision, or_(_current, _f.last_revision > revision))


def state_at(revision: int) -> Select[Any]:
    """Select a revision's facts in the order of `CURRENT`."""
    return select(*_content).where(_valid_at(revision)).order_by(_f.layer, _f.kind, _f.position)


def between(low: int, high: int) -> Select[Any]:
    """Select the versions that are valid in exactly one of two revisions, low <= high, those of one fact together.

    At most two per fact: the one valid at `low` comes first, and `at_low` is true for it.
    """
    ended = and_(_f.first_revision <= low, _f.last_revision > low, _f.last_revision <= high)
    began = and_(_f.first_revision > low, _f.first_revision <= high, or_(_current, _f.last_revision > high))
    return (
        select(*_content, (_f.first_revision <= low).label("at_low"))
        .where(or_(ended, began))
        .order_by(_f.layer, _f.kind, _f.key, _f.first_revision)
    )


def history(limit: int, before: int | None) -> Select[Any]:
    """Select up to `limit` revisions, newest first, all of them older than `before` when that is given."""
    number = REVISIONS.c.number
    newest_first = select(*REVISIONS.c).order_by(number.desc()).limit(limit)
    return newest_first if before is None else newest_first.where(number < before)
