"""Log lines: one JSON object each on standard error, tracebacks without the values of variables.

Python's own logging, because importing structlog takes 0.12 s of every start.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Writes a record as `{"event", "level", "timestamp", ...}`; `extra={...}` gives the further fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; a traceback is its `exception`."""
        line: dict[str, Any] = {"event": record.getMessage()}
        line |= {name: value for name, value in record.__dict__.items() if name not in _OF_EVERY_RECORD}
        line["level"] = record.levelname.lower()
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC)
        if record.exc_info:
            # Only names and lines: local variables never reach a traceback, they may hold keys.
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def configure(level: int = logging.INFO) -> None:
    """Set up logging of `trunkline` for this process; what libraries log is left to them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("trunkline")
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level)
    # SQLAlchemy names loggers after the classes that derive from its own, and tells of every connection.
    logging.getLogger("trunkline.server.adapters.store").setLevel(max(level, logging.WARNING))
