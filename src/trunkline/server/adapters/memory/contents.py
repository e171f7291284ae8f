"""What calls said on its way to the store: encrypted and written by a thread, so that no answer waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from trunkline.server.adapters.store.contents import Row, SqlContents
from trunkline.server.errors import BadRequest, SettingsError, StoreUnavailable

HELD: Final = 64 * 1024 * 1024
"""Bytes that may wait for the store; what comes on top is not kept."""
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of one call; of a larger one nothing is kept."""
_BATCH: Final = 200
_SECONDS: Final = 0.5
_PRUNE_SECONDS: Final = 3_600.0
_LOG: Final = logging.getLogger(__name__)


class Cipher(Protocol):
    """Encrypts texts, each bound to what it is about."""

    def seal(self, secret: str, about: str) -> str: ...

    def open(self, sealed: str, about: str) -> str: ...


class _Said(NamedTuple):
    id: str
    account_id: str
    key_hash: str
    created: float
    document: bytes


class LiveContents:
    """Implements the port `Contents`. What waits here when the process is killed is lost: it is no account of money."""

    def __init__(
        self, store: SqlContents, cipher: Cipher, clock: Callable[[], float], *, days: int, held: int = HELD
    ) -> None:
        self._store = store
        self._cipher = cipher
        self._clock = clock
        self._days = days
        self._bound = held
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: deque[_Said] = deque()
        self._held = 0
        self._lost = 0
        self._wake = threading.Event()
        self._ended = False
        self._pruned = float("-inf")
        self._thread: threading.Thread | None = None

    def keep(self, generation_id: str, account_id: str, key_hash: str, created: float, document: bytes) -> None:
        """Keep what a call said, some time soon; never blocks."""
        with self._lock:
            if len(document) > LARGEST or self._held + len(document) > self._bound:
                self._lost += 1
                return
            self._waiting.append(_Said(generation_id, account_id, key_hash, created, document))
            self._held += len(document)
        self._wake.set()

    def content(self, account_id: str, generation_id: str) -> tuple[str, bytes] | None:
        """Return whose key a call of an account was made with, by its hash, and what it said.

        What waits here is written first. Raises `StoreUnavailable`.
        """
        self.write()
        found = self._store.read(account_id, generation_id)
        if found is None:
            return None
        key_hash, sealed = found
        return key_hash, self._cipher.open(sealed, _about(account_id, generation_id)).encode()

    def write(self) -> None:
        """Write what waits. Raises `StoreUnavailable`, and keeps it then."""
        with self._turn:
            while batch := self._first():
                try:
                    rows = [self._sealed(said) for said in batch]
                except (BadRequest, SettingsError) as closed:
                    _LOG.error("what calls say is not kept", extra={"reason": closed.message})
                else:
                    self._store.write(rows)
                with self._lock:
                    for said in batch:
                        self._waiting.popleft()
                        self._held -= len(said.document)

    def start(self) -> None:
        """Begin to write in the background."""
        self._thread = threading.Thread(target=self._run, name="contents", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end."""
        self._ended = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(_PRUNE_SECONDS)
            self._wake.clear()
            self._round()
            if not self._ended:
                time.sleep(_SECONDS)
        self._round()

    def _round(self) -> None:
        try:
            self.write()
            if time.monotonic() - self._pruned >= _PRUNE_SECONDS:
                while self._store.prune(self._clock(), self._days):
                    pass
                self._pruned = time.monotonic()
        except StoreUnavailable as away:
            _LOG.warning("what calls say waits for the store", extra={"reason": away.message})
            if not self._ended:
                self._wake.set()
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            _LOG.warning("what some calls said is not kept: too much of it", extra={"calls": lost})

    def _first(self) -> list[_Said]:
        with self._lock:
            return [self._waiting[place] for place in range(min(_BATCH, len(self._waiting)))]

    def _sealed(self, said: _Said) -> Row:
        document = self._cipher.seal(said.document.decode(), _about(said.account_id, said.id))
        return Row(said.id, said.account_id, said.key_hash, said.created, document)


def _about(account_id: str, generation_id: str) -> str:
    return f"content {account_id} {generation_id}"
