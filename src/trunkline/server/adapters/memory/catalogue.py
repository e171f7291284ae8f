"""The catalogue being served: holds the newest snapshot and follows the store's revisions."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import Layered
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.errors import TrunklineError, Unavailable
from trunkline.server.usecases.ports import CatalogStore

POLL_SECONDS = 0.4
"""How often the store is asked for a newer revision, so that every worker follows within a second."""
AHEAD_SECONDS = 120
"""How long before prices change the catalogue with the new ones is made: at 100,000 rows it takes seconds."""
_log = logging.getLogger(__name__)


@contextmanager
def _left_alone() -> Iterator[None]:
    # A catalogue has no cycles and frees itself when the last reference goes. To the cyclic collector it is only
    # more to walk: at 100,000 rows each of its rounds would hold up every request for 160 ms.
    collecting = gc.isenabled()
    gc.collect(1)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


class LiveCatalogue:
    """Implements the port `Catalogue`. A revision that cannot be read leaves the last one in place."""

    def __init__(
        self,
        store: CatalogStore,
        clock: Callable[[], float] = time.time,
        over: Callable[[Iterable[Layered]], Iterable[Layered]] = lambda stored: stored,
    ) -> None:
        """Serve what `store` holds; `over` may lay more facts over it, which are then served and not stored."""
        self._store = store
        self._over = over
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._next: Snapshot | None = None
        self._wanted = self._built = 0
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        self._teach: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
        self._turn = threading.Lock()

    def current(self, now: float) -> Snapshot:
        """Return the newest snapshot with the prices of `now`. Raises `Unavailable` before the first."""
        snapshot = self._snapshot
        if snapshot is None:
            raise Unavailable
        if not snapshot.valid[0] <= now < snapshot.valid[1]:
            moved = self._moved(snapshot, now)
            if self._snapshot is snapshot:
                self._snapshot = moved
            return moved
        return snapshot

    def prepare(self) -> Snapshot | None:
        """Make the catalogue of the next price window when that begins soon, so that no request has to; return it."""
        snapshot = self._snapshot
        if snapshot is None or snapshot.valid[1] - self._clock() > AHEAD_SECONDS:
            return None
        if self._next is None or (self._next.revision, self._next.valid[0]) != (snapshot.revision, snapshot.valid[1]):
            with _left_alone():
                self._next = snapshot.at(snapshot.valid[1])
        return self._next

    def refresh(self) -> bool:
        """Load the store's newest revision if it is not the one being served; tell whether there was one."""
        head = self._store.head()
        if self._snapshot is not None and self._snapshot.revision == head and self._built == self._wanted:
            return False
        wanted = self._wanted
        with _left_alone():
            snapshot, problems = build(self._over(self._store.facts(head)), head, self._clock())
        for problem in problems:
            _log.warning("row left out", extra={"problem": str(problem), "revision": head})
        for warning in snapshot.warnings:
            _log.info("catalogue", extra={"note": warning, "revision": head})
        with self._turn:
            self._snapshot = self._teach(snapshot)
            self._next, self._built = None, wanted
        return True

    def again(self) -> None:
        """Have the newest revision built anew soon: what is laid over it has changed."""
        self._wanted += 1

    def learn(self, teach: Callable[[Snapshot], Snapshot]) -> None:
        """Serve what `teach` makes of the snapshot, and of each revision from now on; nothing changes where it does."""
        with self._turn:
            self._teach, snapshot = teach, self._snapshot
            if snapshot is not None:
                taught = teach(snapshot)
                if self._snapshot is snapshot:  # else a request has moved its prices on: the next lesson is soon
                    self._snapshot = taught

    def _moved(self, snapshot: Snapshot, now: float) -> Snapshot:
        made, self._next = self._next, None
        if made is not None and made.revision == snapshot.revision and made.valid[0] <= now < made.valid[1]:
            return made.measured(snapshot.learned)
        return snapshot.at(now)

    def watch(self) -> None:
        """Follow the store from now on, in a thread of its own, until `stop`."""
        self._watcher = threading.Thread(target=self._follow, name="catalogue-watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """End the thread that `watch` started."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join(timeout=5)

    def _follow(self) -> None:
        failed = False
        while not self._stopped.wait(POLL_SECONDS):
            try:
                self.refresh()
                self.prepare()
                failed = False
            except TrunklineError as error:
                if not failed:  # said once, not twice a second for as long as the store is away
                    _log.warning("catalogue cannot be followed", extra={"reason": error.message})
                failed = True
            except Exception:  # noqa: BLE001 - whatever is wrong with a new revision, the last one is served on
                _log.exception("catalogue could not be loaded; the last revision stays")
