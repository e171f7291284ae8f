"""Reads and writes one noun's rows for one account; the same statements for every noun."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from trunkline.server.adapters.store.nouns import KEYS, Noun
from trunkline.server.domain.policy.audit import Action
from trunkline.server.domain.policy.key import Key
from trunkline.server.errors import BadRequest, Conflict, Issue, NotFound

if TYPE_CHECKING:
    from trunkline.server.adapters.store.change import Change

T = TypeVar("T", bound=Struct)
Where = Mapping[str, object]

EVERYTHING: Final[Where] = MappingProxyType({})
AT_ONCE: Final = 500
"""Values that one statement looks for; SQLite takes 32,766 parameters at most, PostgreSQL 65,535."""


class SqlRows(Generic[T]):
    """Implements the port `Rows` on one connection."""

    def __init__(self, noun: Noun[T], connection: Connection) -> None:
        self._noun = noun
        self._connection = connection
        self._c = noun.table.c
        self._select = select(*noun.columns)
        self._account = self._c["account_id" if "account_id" in self._c else "id"]  # accounts are their own tenants

    def get(self, account_id: str, row_id: str) -> T | None:
        """Return a row by its id."""
        return next(iter(self.page(account_id, where={self._noun.identity: row_id}, limit=1)), None)

    def page(self, account_id: str, *, where: Where = EVERYTHING, offset: int = 0, limit: int | None = None) -> list[T]:
        """Return rows, newest first, then by id; by collections of any size when it has no limit."""
        parts = list(_parts(where))
        if len(parts) == 1:
            return self._read(self._select.where(*self._conditions(account_id, parts[0])), offset, limit)
        rows = [row for part in parts for row in self.page(account_id, where=part)]
        rows.sort(key=self._noun.id_of)
        rows.sort(key=_created, reverse=True)
        return rows[offset:] if limit is None else rows[offset : offset + limit]

    def count(self, account_id: str, *, where: Where = EVERYTHING) -> int:
        """Return how many rows there are."""
        counted = select(func.count()).select_from(self._noun.table)
        parts = (self._conditions(account_id, part) for part in _parts(where))
        return sum(int(self._connection.scalar(counted.where(*part)) or 0) for part in parts)

    def _conditions(self, account_id: str, where: Where) -> Iterator[ColumnElement[bool]]:
        yield self._account == account_id
        for name, value in where.items():
            column = self._c[name]
            if isinstance(value, list | tuple | set | frozenset):
                named = [each for each in value if each is not None]
                found = column.in_(named)
                yield found if len(named) == len(value) else or_(found, column.is_(None))
            else:
                yield column == value if value is not None else column.is_(None)

    def _read(self, statement: Select[Any], offset: int = 0, limit: int | None = None) -> list[T]:
        ordered = statement.order_by(self._c.created_at.desc(), self._c[self._noun.identity])
        if limit is not None:
            ordered = ordered.limit(limit)
        if offset:
            # No list is that long, and some drivers refuse numbers beyond 64 bits.
            ordered = ordered.offset(min(offset, 2**62)).limit(2**62 if limit is None else limit)
        return [self._noun.decode(row) for row in self._connection.execute(ordered)]


class SqlTable(SqlRows[T]):
    """Implements the port `Table`: every row written goes into the change's audit trail too."""

    def __init__(self, noun: Noun[T], change: Change) -> None:
        super().__init__(noun, change.connection)
        self._change = change

    def add(self, account_id: str, *rows: T) -> None:
        """Add rows. Raises `Conflict`."""
        if not rows:
            return
        self._change.require(account_id)
        self._write(insert(self._noun.table), [self._encode(account_id, row) for row in rows])
        for row in rows:
            self._change.note(Action.CREATE, self._noun, None, row)

    def replace(self, account_id: str, row: T) -> None:
        """Write a row over the one of the same id. Raises `NotFound` and `Conflict`."""
        self._change.require(account_id)
        before = self.get(account_id, self._noun.id_of(row))
        if before is None:
            raise NotFound
        if before == row:
            return
        values = self._encode(account_id, row)
        changed = {name: value for name, value in values.items() if name not in self._noun.kept}
        self._write(update(self._noun.table).where(*self._by_id(account_id, row)).values(**changed))
        self._change.note(Action.UPDATE, self._noun, before, row)

    def remove(self, account_id: str, *row_ids: str) -> int:
        """Remove rows with all that they own."""
        if not row_ids:
            return 0
        self._change.require(account_id)
        rows = self.page(account_id, where={self._noun.identity: row_ids})
        for part in _chunks([self._noun.id_of(row) for row in rows]):
            for name, column in self._noun.owned:
                owned = self._change.table(name)
                owned.remove(account_id, *owned.ids(account_id, {column: part}))
            for name, column in self._noun.freed:
                self._change.table(name).free(account_id, column, part)
            where = {self._noun.identity: part}
            self._write(delete(self._noun.table).where(*self._conditions(account_id, where)))
        for row in rows:
            self._change.note(Action.DELETE, self._noun, row, None)
        return len(rows)

    @property
    def name(self) -> str:
        """Return the noun's name."""
        return self._noun.name

    def ids(self, account_id: str, where: Where) -> list[str]:
        """Return the ids of rows."""
        return [self._noun.id_of(row) for row in self.page(account_id, where=where)]

    def free(self, account_id: str, column: str, values: Collection[str]) -> None:
        """Make a column NULL where it has one of these values."""
        before = self.page(account_id, where={column: values})
        for row in before:
            freed = type(row)(**{name: getattr(row, name) for name in row.__struct_fields__} | {column: None})
            self.replace(account_id, freed)

    def _encode(self, account_id: str, row: T) -> dict[str, Any]:
        values = self._noun.encode(account_id, row)
        bad = [name for name, value in values.items() if isinstance(value, str) and not storable(value)]
        if bad:
            raise BadRequest(issues=[Issue(str(name), "holds U+0000 or half a surrogate pair") for name in bad])
        return values

    def _by_id(self, account_id: str, row: T) -> Iterator[ColumnElement[bool]]:
        return self._conditions(account_id, {self._noun.identity: self._noun.id_of(row)})

    def _write(self, statement: Any, rows: list[dict[str, Any]] | None = None) -> None:
        try:
            self._connection.execute(statement, rows)
        except IntegrityError as error:
            raise Conflict from error


class SqlKeyRows(SqlRows[Key]):
    """Implements the port `KeyRows`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(KEYS, connection)

    def listed(
        self,
        account_id: str,
        workspace_id: str,
        at: datetime,
        *,
        include_disabled: bool,
        include_expired: bool,
        offset: int,
        limit: int,
    ) -> list[Key]:
        """Return a workspace's inference keys, newest first."""
        where = {"workspace_id": workspace_id}
        statement = self._inference(account_id, where, None if include_expired else at, include_disabled)
        return self._read(statement, offset, limit)

    def active(self, account_id: str, at: datetime, where: Where) -> list[Key]:
        """Return the inference keys that are neither disabled nor expired."""
        return self._read(self._inference(account_id, where, at, include_disabled=False))

    def _inference(self, account_id: str, where: Where, at: datetime | None, include_disabled: bool) -> Select[Any]:
        c = self._c
        statement = self._select.where(*self._conditions(account_id, where), c.is_management.is_(False))
        if at is not None:
            statement = statement.where(or_(c.expires_at.is_(None), c.expires_at > at))
        return statement if include_disabled else statement.where(c.disabled.is_(False))


class SqlKeyTable(SqlKeyRows, SqlTable[Key]):
    """Implements the port `KeyTable`."""

    def __init__(self, change: Change) -> None:
        SqlTable.__init__(self, KEYS, change)


def _created(row: Any) -> datetime:
    created: datetime = row.created_at
    return created


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    everything = list(values)
    for start in range(0, len(everything), AT_ONCE):
        yield everything[start : start + AT_ONCE]


def _parts(where: Where) -> Iterator[Where]:
    """Yield conditions that any database takes, of which every row that is asked for fulfils exactly one."""
    for name, value in where.items():
        if isinstance(value, str) and not storable(value):
            return
        if isinstance(value, list | tuple | set | frozenset):
            known = [each for each in dict.fromkeys(value) if not isinstance(each, str) or storable(each)]
            if len(known) <= AT_ONCE and len(known) == len(value):
                continue
            for part in _chunks(known):
                yield from _parts({**where, name: part})
            return
    yield where


def storable(text: str) -> bool:
    """Tell whether every database can hold a text: PostgreSQL has no U+0000, and UTF-8 no half surrogate pairs."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
