"""When keys were last used: noted in memory for each request, written to the store in batches."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from trunkline.server.errors import TrunklineError

EVERY_SECONDS: Final = 60.0
"""How exactly it is told: a key's next use within a minute is not noted."""
WRITE_SECONDS: Final = 20.0
_log = logging.getLogger(__name__)


class LiveUses:
    """Notes from the event loop and from threads; what the store does not take is kept for the next time."""

    def __init__(self, touch: Callable[[Mapping[str, datetime]], None]) -> None:
        """`touch` writes when keys (by hash) were last used, and never moves that back."""
        self._touch = touch
        self._noted: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._writer: threading.Thread | None = None

    def note(self, key_hash: str, now: float) -> None:
        """Note that a valid key was used at a Unix time."""
        if now - self._noted.get(key_hash, -EVERY_SECONDS) < EVERY_SECONDS:
            return
        with self._turn:
            self._noted[key_hash] = self._due[key_hash] = now

    def write(self) -> None:
        """Write what is due in one statement. Nothing is lost where the store is away."""
        with self._turn:
            due, self._due = self._due, {}
        if not due:
            return
        try:
            self._touch({key_hash: datetime.fromtimestamp(now, UTC) for key_hash, now in due.items()})
        except TrunklineError as error:
            _log.warning("uses of keys cannot be written", extra={"reason": error.message})
            with self._turn:
                self._due = due | self._due
            return
        # Forgetting is safe: it costs a write that was not needed.
        oldest = max(due.values()) - EVERY_SECONDS
        with self._turn:
            self._noted = {key_hash: noted for key_hash, noted in self._noted.items() if noted > oldest}

    def start(self) -> None:
        """Write from time to time from now on, in a thread of its own, until `stop`."""
        self._writer = threading.Thread(target=self._follow, name="key-uses", daemon=True)
        self._writer.start()

    def stop(self) -> None:
        """End the thread that `start` started, and write the rest."""
        self._stopped.set()
        if self._writer is not None:
            self._writer.join(timeout=5)
        self.write()

    def _follow(self) -> None:
        while not self._stopped.wait(WRITE_SECONDS):
            self.write()
