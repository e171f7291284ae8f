"""What an account called, a page at a time, and what it used by day and by one dimension: the statements."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Label, Select, case, func, literal, select, tuple_, type_coerce

from trunkline.server.adapters.store.traffic_tables import APPS, GENERATIONS, USAGE
from trunkline.server.usecases.gateway_ports import Cursor, Dimension

COUNTS: Final = ("requests", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")
MICRO: Final = 1_000_000
_u, _g = USAGE.c, GENERATIONS.c
_MOMENT: Final = type_coerce(_g.created, BigInteger)
"""As the number that the column holds: a caller may name moments that no datetime has."""
_NAMES: Final[dict[Dimension, ColumnElement[Any]]] = {
    Dimension.MODEL: _u.model,
    Dimension.PROVIDER: _u.provider_name,
    Dimension.KEY: _u.key_hash,
    Dimension.APP: _u.app_id,
    Dimension.WORKSPACE: _u.workspace_id,
    Dimension.USER: _u.user_id,
}


def sums() -> list[Label[Any]]:
    """Return the sums of usage's columns; amounts in two parts, for SQLite stops where a sum leaves 64 bits."""
    found: list[Label[Any]] = [func.sum(_u[name]).label(name) for name in COUNTS]
    for name in ("usage_pico", "byok_pico"):
        found += [func.sum(_u[name] // MICRO).label(f"{name}_micro"), func.sum(_u[name] % MICRO).label(name)]
    return found


def consumption(
    account_id: str, first: int, last: int, by: Dimension, *, key_hash: str | None, model: str | None
) -> Select[Any]:
    """Select (day, name, sums) of an account's days from `first` to `last`, counted from 1970."""
    name = _NAMES[by]
    summed = select(_u.day, name.label("name"), *sums()).where(_u.account_id == account_id, _u.day.between(first, last))
    if key_hash is not None:
        summed = summed.where(_u.key_hash == key_hash)
    if model is not None:
        summed = summed.where(_u.model == model)
    summed = summed.group_by(_u.day, name)
    if by is not Dimension.APP:
        return summed
    # Summed by number first: there are few apps, and many rows.
    rows = summed.subquery()
    title = case((APPS.c.title.is_not(None), APPS.c.title), else_=APPS.c.origin)
    others = [column for column in rows.c if column.name not in {"day", "name"}]
    return select(rows.c.day, func.coalesce(title, "").label("name"), *others).join_from(
        rows, APPS, rows.c.name == APPS.c.id, isouter=True
    )


def generations(
    account_id: str, limit: int, *, after: Cursor | None, key_hash: str | None, model: str | None
) -> Select[Any]:
    """Select (created, id, document) of an account's generations, newest first, from after a place on."""
    chosen = select(_MOMENT.label("created"), _g.id, _g.document).where(_g.account_id == account_id)
    if key_hash is not None:
        chosen = chosen.where(_g.key_hash == key_hash)
    if model is not None:
        chosen = chosen.where(_g.model == model)
    if after is not None:
        place = tuple_(literal(after.created, BigInteger), literal(after.id))
        chosen = chosen.where(tuple_(_g.created, _g.id) < place)
    return chosen.order_by(_g.created.desc(), _g.id.desc()).limit(limit)


def cursor(row: Any) -> Cursor:
    """Return the place after a row of `generations`."""
    return Cursor(row.created, row.id)
