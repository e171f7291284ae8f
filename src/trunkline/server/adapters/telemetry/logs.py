"""Log lines: one JSON object each on standard error, tracebacks without the values of variables.

Python's own logging, because importing structlog takes 0.12 s of every start.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from trunkline.server.adapters.telemetry.lines import Lines

_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

Current = Callable[[], str | None]
"""Returns the id of the call that is being worked on, None outside of one."""


def text(event: str, level: str, at: float, more: Mapping[str, Any]) -> str:
    """Return a line: `{"event", ..., "level", "timestamp"}`; `at` in Unix seconds."""
    line = {"event": event, **more, "level": level, "timestamp": datetime.fromtimestamp(at, UTC)}
    return msgspec.json.encode(line, enc_hook=str).decode()


class JsonLines(logging.Formatter):
    """Writes a record as a line; `extra={...}` gives the further fields."""

    def __init__(self, current: Current = lambda: None) -> None:
        super().__init__()
        self._current = current

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; a traceback is its `exception`, the call under way its `generation_id`."""
        more = {name: value for name, value in record.__dict__.items() if name not in _OF_EVERY_RECORD}
        if (id_ := self._current()) and "generation_id" not in more:
            more["generation_id"] = id_
        if record.exc_info:
            # Only names and lines: local variables never reach a traceback, they may hold keys.
            more["exception"] = self.formatException(record.exc_info)
        return text(record.getMessage(), record.levelname.lower(), record.created, more)


class _Batches(logging.Handler):
    """Hands lines on to be written in batches; errors are written at once, for they may be the last words."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            made = self.format(record).encode()  # here, where the call under way is known
            self.lines.put(lambda: made)
            if record.levelno >= logging.ERROR:
                self.lines.flush()
        except Exception:  # noqa: BLE001 - what cannot be logged must not end what it was about
            self.handleError(record)


def configure(level: int = logging.INFO, current: Current = lambda: None) -> Lines:
    """Set up logging of `trunkline` for this process and return what writes; what libraries log is left to them."""
    log = logging.getLogger("trunkline")
    handler = next((former for former in log.handlers if isinstance(former, _Batches)), None)
    if handler is None:
        handler = _Batches(Lines(lambda: sys.stderr.buffer, _lost))
    handler.setFormatter(JsonLines(current))
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level)
    # SQLAlchemy names loggers after the classes that derive from its own, and tells of every connection.
    logging.getLogger("trunkline.server.adapters.store").setLevel(max(level, logging.WARNING))
    return handler.lines


def _lost(count: int) -> bytes:
    now = datetime.now(UTC).timestamp()
    return text("log lines lost: they are read too slowly", "warning", now, {"count": count}).encode()
