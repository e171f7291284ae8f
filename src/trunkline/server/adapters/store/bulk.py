"""Inserts many rows as the driver takes them: SQLAlchemy's work on the parameters of each would take as long again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert


class Bulk:
    """An insert of whole rows into a table, compiled once for an engine."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self._columns = table.columns.keys()
        compiled = insert(table).compile(dialect=engine.dialect, column_keys=self._columns)
        self._statement = str(compiled)
        self._is_positional = compiled.positional
        assert not self._is_positional or compiled.positiontup == self._columns, "rows are in the order of columns"

    def put(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows: values as the database keeps them, in the order of the columns. Raises SQLAlchemy's errors."""
        if self._is_positional:
            connection.exec_driver_sql(self._statement, list(rows))
        else:
            named = [dict(zip(self._columns, row, strict=True)) for row in rows]
            connection.exec_driver_sql(self._statement, named)
