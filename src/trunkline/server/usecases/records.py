"""What was called: one generation, pages of them, and what they add up to by day (spec gateway 5.4, 5.5)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from trunkline.server.domain.generation.days import DEFAULT_DAYS, LONGEST_DAYS, day_at, number
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.errors import NotFound
from trunkline.server.usecases.bodies import refuse
from trunkline.server.usecases.gateway_ports import Consumption, Cursor, Dimension, Records

_PLACE: Final = re.compile(r"([0-9]{1,18})\.(.+)")


def generation(records: Records, account_id: str, generation_id: str) -> tuple[GenerationRecord, int | None]:
    """Return an account's generation with the number of its app. Raises `NotFound`, for other accounts' too."""
    found = records.generation(account_id, generation_id)
    if found is None:
        raise NotFound
    return found


def generations(
    records: Records,
    account_id: str,
    limit: int,
    *,
    after: str | None = None,
    api_key_hash: str | None = None,
    model: str | None = None,
) -> tuple[list[tuple[GenerationRecord, int | None]], str | None]:
    """Return a page of an account's generations, newest first, each with the number of its app, and the next `after`.

    Raises `BadRequest` for an `after` that no page gave.
    """
    cursor = None
    if after is not None:
        place = _PLACE.fullmatch(after)
        if place is None:
            raise refuse("after", "expected what the page before gave as `next`")
        cursor = Cursor(int(place[1]), place[2])
    found, following = records.generations(account_id, limit, after=cursor, key_hash=api_key_hash, model=model)
    return found, None if following is None else f"{following.created}.{following.id}"


def consumption(
    records: Records,
    account_id: str,
    now: float,
    by: Dimension,
    *,
    start_date: date | None = None,
    end_date: date | None = None,
    api_key_hash: str | None = None,
    model: str | None = None,
) -> list[Consumption]:
    """Return what an account used by day and by one dimension, today included; 30 days unless said otherwise.

    Raises `BadRequest` for days in the wrong order and for more than 366 of them.
    """
    last = end_date or day_at(now)
    # No day is before the first that there is, which somebody may name.
    first = start_date or last - min(timedelta(days=DEFAULT_DAYS - 1), last - date.min)
    if first > last:
        raise refuse("start_date", "expected a day before the end")
    if (last - first).days >= LONGEST_DAYS:
        raise refuse("start_date", f"expected at most {LONGEST_DAYS} days")
    return records.consumption(account_id, number(first), number(last), by, key_hash=api_key_hash, model=model)
