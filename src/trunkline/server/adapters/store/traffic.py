"""Writes generations in batches, each once, with all that they add up to; hands on to each process what others wrote.

A batch moves the number of the epoch `traffic` first of all: that row is the lock that puts batches of all processes
in one order, so that a batch's number says whether a sum that was read holds it already.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from trunkline.server.adapters.store import holds, nouns
from trunkline.server.adapters.store.account_tables import BUDGETS, EPOCHS, LEDGER
from trunkline.server.adapters.store.apps import number_apps
from trunkline.server.adapters.store.bulk import Bulk
from trunkline.server.adapters.store.engine import inserting, place, writing
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.journal import Settled
from trunkline.server.adapters.store.ledger import SqlLedger
from trunkline.server.adapters.store.rollups import by_day, by_endpoint
from trunkline.server.adapters.store.traffic_tables import BATCHES, GENERATIONS, HOLDS, SPANS, USAGE
from trunkline.server.domain.policy import charge
from trunkline.server.domain.policy.charge import Booked, Scope
from trunkline.server.domain.policy.holds import Amount
from trunkline.server.domain.policy.spend import Spent
from trunkline.server.domain.policy.workspace import WorkspaceBudget
from trunkline.server.domain.routing.windows import KEPT, WIDTHS, Seen, Span

TRAFFIC: Final = "traffic"
BATCHES_KEPT: Final = timedelta(minutes=10)
"""How long a process may sleep and still follow the others without reading all sums anew."""
_ASKED: Final = 512
_EPOCH: Final = select(EPOCHS.c.number).where(EPOCHS.c.name == TRAFFIC)
_MOVE: Final = update(EPOCHS).where(EPOCHS.c.name == TRAFFIC).values(number=EPOCHS.c.number + 1)
_STAY: Final = update(EPOCHS).where(EPOCHS.c.name == TRAFFIC).values(number=EPOCHS.c.number)
"""The lock alone, without a new number."""
_LATER: Final = (
    select(BATCHES.c.number, BATCHES.c.run, BATCHES.c.document)
    .where(BATCHES.c.number > bindparam("after"))
    .order_by(BATCHES.c.number)
)
_SPANS_THERE: Final = select(SPANS.c.endpoint, SPANS.c.document).where(
    SPANS.c.width == bindparam("its_width"),
    SPANS.c.start == bindparam("its_start"),
    SPANS.c.endpoint.in_(bindparam("endpoints", expanding=True)),
)
_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


class Batch(Struct):
    """What one batch has added: charges, and what attempts taught by endpoint."""

    booked: list[Booked]
    seen: dict[str, Seen]


class Followed(NamedTuple):
    """A batch as others see it: its number and the process that had counted it before it was written."""

    number: int
    run: str
    batch: Batch


class Spending(NamedTuple):
    """What some have spent as of a batch, and the budgets of a workspace."""

    number: int
    spent: dict[Scope, Spent]
    budgets: list[WorkspaceBudget]


class Turn:
    """A moment in which no other process writes, until the block ends that `SqlTraffic.turn` begins."""

    def __init__(self, connection: Connection, run: str, now: float, put_holds: Any) -> None:
        self._connection = connection
        self._run = run
        self._now = now
        self._put_holds = put_holds

    def since(self, number: int) -> list[Followed] | None:
        """Return the batches after a number, in order; None where too many have passed to follow."""
        return _since(self._connection, number)

    def held(self, scopes: Collection[Scope]) -> dict[Scope, Amount]:
        """Return what all other processes together hold in these scopes."""
        return holds.others(self._connection, scopes, self._run, self._now)

    def hold(self, amounts: Mapping[Scope, Amount]) -> None:
        """Say what this process holds in these scopes from now on."""
        holds.put(self._connection, self._run, amounts, self._now, self._put_holds)


class Unstorable(Exception):
    """A record that the database refuses for what is in it; another attempt would not help."""


_BATCH: Final = msgspec.json.Decoder(Batch)
_SPAN: Final = msgspec.json.Decoder(Span)


class SqlTraffic:
    """Any thread may call it; each call takes a pooled connection. Everything raises `StoreUnavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._place = place(engine.url)
        self._generations = Bulk(engine, GENERATIONS)
        self._add_charges = _adding(engine, LEDGER)
        self._add_usage = _adding(engine, USAGE)
        self._put_spans = _putting(engine, SPANS)
        self._put_holds = _putting(engine, HOLDS)

    def write(
        self, settled: Sequence[Settled], run: str, now: float, held: Mapping[Scope, Amount] | None = None
    ) -> int:
        """Write those generations that are not there yet, all or nothing; return the newest batch's number.

        `run` names the process that has counted them already, empty for none; `held` is what it holds once they are
        written. Raises `Unstorable`.
        """
        batch = list({each.record.id: each for each in settled}.values())
        with mapped(self._place), writing(self._engine) as connection:
            try:
                try:
                    return self._write(connection, batch, run, now, held, ask=False)
                except IntegrityError:
                    return self._write(connection, batch, run, now, held, ask=True)
            except (DataError, IntegrityError, OverflowError) as error:
                raise Unstorable(" ".join(str(error).split())[:300]) from error

    def _write(
        self,
        connection: Connection,
        batch: Sequence[Settled],
        run: str,
        now: float,
        held: Mapping[Scope, Amount] | None,
        *,
        ask: bool,
    ) -> int:
        """Write a batch; `ask` which of it are there already, which hardly ever any are, or raise `IntegrityError`."""
        with connection.begin() as transaction:
            connection.execute(_MOVE)
            number = int(connection.scalar(_EPOCH) or 0)
            if ask:
                there = _there(connection, [each.record.id for each in batch])
                batch = [each for each in batch if each.record.id not in there]
            if not batch:
                transaction.rollback()  # a number that no batch has would look like a batch that was missed
                return number - 1
            self._add(connection, number, batch, run, now)
            if held:
                holds.put(connection, run, held, now, self._put_holds)
        return number

    @contextmanager
    def turn(self, run: str, now: float) -> Iterator[Turn]:
        """Keep all other processes from writing while the block decides what `run` may hold."""
        with mapped(self._place), writing(self._engine) as connection, connection.begin():
            connection.execute(_STAY)
            yield Turn(connection, run, now, self._put_holds)

    def bury(self, run: str) -> None:
        """Drop what a process holds that has died."""
        with mapped(self._place), writing(self._engine) as connection, connection.begin():
            holds.drop(connection, run)

    def since(self, number: int) -> list[Followed] | None:
        """Return the batches after a number, in order; None where too many have passed to follow."""
        with mapped(self._place), self._engine.connect() as connection:
            return _since(connection, number)

    def spent(self, scopes: Collection[Scope], workspace_id: str | None, now: float) -> Spending:
        """Return what these have spent by a Unix time, and the budgets of a workspace (None: no budgets)."""
        moment = datetime.fromtimestamp(now, UTC)
        with mapped(self._place), self._engine.connect() as connection:
            number = int(connection.scalar(_EPOCH) or 0)
            ledger = SqlLedger(connection)
            spent = {scope: _spent(ledger, scope, moment) for scope in scopes}
            budgets: list[WorkspaceBudget] = []
            if workspace_id is not None:
                rows = connection.execute(select(*nouns.BUDGETS.columns).where(BUDGETS.c.workspace_id == workspace_id))
                budgets = [nouns.BUDGETS.decode(row) for row in rows]
            return Spending(number, spent, budgets)

    def spans(self, now: float) -> tuple[int, list[tuple[str, int, int, Span]]]:
        """Return the newest batch's number, and what was seen of endpoints (key, width, start) that still counts."""
        c = SPANS.c
        with mapped(self._place), self._engine.connect() as connection:
            number = int(connection.scalar(_EPOCH) or 0)
            found = [
                (row.endpoint, row.width, row.start, _SPAN.decode(row.document))
                for width in WIDTHS
                for row in connection.execute(
                    select(*c).where(c.width == width, c.start > int(now) - KEPT[width] - width).order_by(c.start)
                )
            ]
            return number, found

    def popularity(self, since: int) -> dict[str, int]:
        """Return the tokens of each public model (by permaslug) from a day on, counted from 1970."""
        c = USAGE.c
        tokens = func.sum(c.prompt_tokens + c.completion_tokens)
        statement = select(c.permaslug, tokens).where(c.day >= since, c.shown == 1).group_by(c.permaslug)
        with mapped(self._place), self._engine.connect() as connection:
            return {slug: int(count) for slug, count in connection.execute(statement)}

    def prune(self, now: float, days: int) -> None:
        """Drop batches and spans that nobody needs any more, and generations older than so many days."""
        moment = datetime.fromtimestamp(now, UTC)
        with mapped(self._place), writing(self._engine) as connection, connection.begin():
            connection.execute(_STAY)
            holds.forget(connection, now)
            connection.execute(delete(BATCHES).where(BATCHES.c.at < moment - BATCHES_KEPT))
            for width in WIDTHS:
                oldest = int(now) - KEPT[width] - width
                connection.execute(delete(SPANS).where(SPANS.c.width == width, SPANS.c.start < oldest))
            old = select(GENERATIONS.c.id).where(GENERATIONS.c.created < moment - timedelta(days=days)).limit(20_000)
            connection.execute(delete(GENERATIONS).where(GENERATIONS.c.id.in_(old.scalar_subquery())))

    def _add(self, connection: Connection, number: int, fresh: Sequence[Settled], run: str, now: float) -> None:
        records = [each.record for each in fresh]
        self._generations.put(connection, [_generation(each) for each in fresh])
        charges = [each.charge or charge.charge_of(each.record) for each in fresh]
        batch = Batch(charge.summed(records, charges), by_endpoint(records, now))
        connection.execute(self._add_charges, [_ledger_row(booked) for booked in batch.booked])
        used = by_day(records, charges, number_apps(connection, records, now))
        if used:
            connection.execute(self._add_usage, used)
        spans = list(_merged(connection, batch.seen))
        if spans:
            connection.execute(self._put_spans, spans)
        row = {"number": number, "run": run, "at": _moment(now), "document": msgspec.json.encode(batch).decode()}
        connection.execute(insert(BATCHES), [row])


def _since(connection: Connection, number: int) -> list[Followed] | None:
    newest = int(connection.scalar(_EPOCH) or 0)
    if newest == number:
        return []
    rows = connection.execute(_LATER, {"after": number})
    found = [Followed(row.number, row.run, _BATCH.decode(row.document)) for row in rows]
    return found if len(found) == newest - number else None


def _generation(settled: Settled) -> tuple[str, str, int, str, str, str]:
    record = settled.record
    return (
        record.id,
        record.account_id,
        _microseconds(record.created),
        settled.document.decode(),
        record.key_hash,
        record.model or record.requested,
    )


def _microseconds(now: float) -> int:
    """Return a Unix time as columns of `Moment` keep it. Raises `OverflowError` for one that no datetime has."""
    seconds = int(now)
    if not 0 <= seconds < _END:
        raise OverflowError(f"no time: {now}")
    return seconds * 1_000_000 + round((now - seconds) * 1_000_000)


def _ledger_row(booked: Booked) -> dict[str, Any]:
    payer, amount = booked
    return payer._asdict() | {"usage_pico": amount.usage, "byok_pico": amount.byok, "free_requests": amount.free}


def _moment(now: float) -> datetime:
    return _DAY + timedelta(seconds=now)


def _there(connection: Connection, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for first in range(0, len(ids), _ASKED):
        asked = select(GENERATIONS.c.id).where(GENERATIONS.c.id.in_(_evened(ids[first : first + _ASKED])))
        found.update(connection.scalars(asked))
    return found


def _evened(ids: Sequence[str]) -> list[str]:
    """Return ids with the last one repeated up to a power of two.

    Each length is a statement of its own, and SQLite's driver keeps the last 128 prepared, of up to 100 KB each.
    """
    return [*ids, *[ids[-1]] * ((1 << (len(ids) - 1).bit_length()) - len(ids))]


def _spent(ledger: SqlLedger, scope: Scope, now: datetime) -> Spent:
    match scope.kind:
        case charge.KEY:
            return ledger.by_key(scope.account_id, [scope.id], now)[scope.id]
        case charge.MEMBER:
            return ledger.of(scope.account_id, now, user_id=scope.id)
        case charge.WORKSPACE:
            return ledger.of(scope.account_id, now, workspace_id=scope.id)
        case _:
            return ledger.of(scope.account_id, now)


def _merged(connection: Connection, seen: dict[str, Seen]) -> Iterator[dict[str, Any]]:
    """Yield the spans that change, with what the store has of them. Nobody else writes any meanwhile."""
    places: dict[tuple[int, int], dict[str, Span]] = {}
    for endpoint, found in seen.items():
        for minute, span in found.minutes.items():
            for width in WIDTHS:
                spans = places.setdefault((width, minute // width * width), {})
                spans.setdefault(endpoint, Span()).merge(span, random.random)
    for (width, start), spans in places.items():
        place = {"its_width": width, "its_start": start, "endpoints": list(spans)}
        for endpoint, document in connection.execute(_SPANS_THERE, place):
            spans[endpoint].merge(_SPAN.decode(document), random.random)
        for endpoint, span in spans.items():
            document = msgspec.json.encode(span).decode()
            yield {"width": width, "start": start, "endpoint": endpoint, "document": document}


def _adding(engine: Engine, table: Table) -> Any:
    """Return an insert of rows that adds its sums to a row that is there."""
    statement = inserting(engine, table)
    sums = {column.name: column + statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums)


def _putting(engine: Engine, table: Table) -> Any:
    """Return an insert of rows that takes the place of a row that is there."""
    statement = inserting(engine, table)
    values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
