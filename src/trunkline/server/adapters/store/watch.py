"""Notices within a second what other processes change: by polling two numbers, and PostgreSQL's NOTIFY before that."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, func, select

from trunkline.server.adapters.store.account_tables import EPOCHS
from trunkline.server.adapters.store.accounts import POLICY
from trunkline.server.adapters.store.engine import CHANNEL, is_file
from trunkline.server.adapters.store.faults import mapped
from trunkline.server.adapters.store.tables import REVISIONS
from trunkline.server.errors import StoreUnavailable

_LOG: Final = logging.getLogger(__name__)
POLL_SECONDS: Final = 0.25
"""Seconds between two looks: a quarter of what a revoked key may live on elsewhere. One look takes 0.1 ms."""

_VERSIONS: Final = select(
    select(EPOCHS.c.number).where(EPOCHS.c.name == POLICY).scalar_subquery(),
    select(func.coalesce(func.max(REVISIONS.c.number), 0)).scalar_subquery(),
)


class Versions(NamedTuple):
    """What moves when something changes: the policy epoch and the catalogue's newest revision."""

    epoch: int
    revision: int


class Watch:
    """A thread that calls `notice` with the new versions after every change, and once in the beginning.

    While the store is down nothing is called; afterwards, only if something changed meanwhile. When `notice` raises
    it is called again at the next look, however it failed: nobody may be left with what is no longer true.
    """

    def __init__(self, engine: Engine, notice: Callable[[Versions], None], poll_seconds: float) -> None:
        self._engine = engine
        self._notice = notice
        self._poll_seconds = poll_seconds
        self._seen: Versions | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trunkline-watch", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for its end."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        listener = None if is_file(self._engine) else _Listener(self._engine, self._poll_seconds)
        while not self._ended.is_set():
            self._look()
            if listener is None or not listener.wait():
                self._ended.wait(self._poll_seconds)
        if listener is not None:
            listener.close()

    def _look(self) -> None:
        try:
            with mapped("the store"), self._engine.connect() as connection:
                found = Versions(*connection.execute(_VERSIONS).one())
            if found != self._seen:
                self._notice(found)
                self._seen = found
        except StoreUnavailable:
            pass
        except Exception:  # noqa: BLE001 - whatever it is, the next look calls again
            _LOG.exception("could not take notice of a change")


class _Listener:
    """Waits for a notification on a connection of its own, outside the pool; opens it anew when it breaks."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._connection: Any = None

    def wait(self) -> bool:
        """Return True when somebody has changed something, after `seconds` at the latest; False if nobody listens."""
        driver: Any = self._engine.dialect.loaded_dbapi
        try:
            if self._connection is None:
                # Returns at once: what happened before LISTEN was heard by nobody.
                arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
                self._connection = driver.connect(*arguments, **options, autocommit=True)
                self._connection.execute(f"LISTEN {CHANNEL}")
            else:
                for _ in self._connection.notifies(timeout=self._seconds, stop_after=1):
                    pass
        except driver.Error:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
