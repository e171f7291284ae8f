"""The ports through which use cases reach the outside; adapters implement them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from trunkline.server.domain.catalog.facts import Change, Layered, Revision
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.caller import Caller

Progress = Callable[[str, int, int], None]
"""Called with a step's name, how much is done and how much there is in all."""


class CatalogStore(Protocol):
    """Where the catalogue's facts and their numbered revisions are kept.

    All methods block; servers call them from a worker thread. Every method raises
    `trunkline.server.errors.StoreUnavailable` when the store cannot be reached.
    """

    def head(self) -> int:
        """Return the newest revision's number, 0 when there is none."""
        ...

    def facts(self, revision: int | None = None) -> Iterator[Layered]:
        """Yield the facts of a revision (the newest by default), base layer first, else in stored order.

        Raises `RevisionNotFound` for a number that never was.
        """
        ...

    def commit(self, parent: int, title: str, created: int, changes: Sequence[Change]) -> Revision:
        """Write one revision on top of `parent`, all or nothing, and return it.

        Raises `RevisionConflict` when `parent` is no longer the newest.
        """
        ...

    def history(self, limit: int = 50, before: int | None = None) -> list[Revision]:
        """Return revisions, newest first."""
        ...

    def diff(self, older: int, newer: int) -> Iterator[Change]:
        """Yield the rows that differ between two revisions. Raises `RevisionNotFound`."""
        ...


class Catalogue(Protocol):
    """The catalogue that is being served."""

    def current(self, now: float) -> Snapshot:
        """Return the newest snapshot with the prices of `now` (Unix seconds). Raises `Unavailable` before the first."""
        ...


class CallerStore(Protocol):
    """What the memory of callers asks of the store. Both raise `StoreUnavailable`."""

    def epoch(self) -> int:
        """Return a number that moves whenever a key, guardrail, workspace or account changes; cheap to ask."""
        ...

    def caller(self, key_hash: str) -> Caller | None:
        """Return the key of a SHA-256 with everything that governs it, valid or not; None for an unknown one."""
        ...


class Callers(Protocol):
    """Whose keys are valid, remembered until the store says that something changed."""

    def known(self, token: str) -> tuple[bool, Caller | None]:
        """Return whether memory can tell whose token this is, and the caller; never blocks.

        The caller is None for what is no valid key: unknown, disabled, expired or not of a key's form.
        """
        ...

    def look_up(self, token: str) -> Caller | None:
        """Ask the store whose token this is, and remember it; blocks. Raises `StoreUnavailable`."""
        ...

    def of_key(self, digest: str) -> Caller | None:
        """Ask the store whose key has this hash, for who may call with it without its text; blocks.

        Never for what came as a credential: a hash is none. Raises `StoreUnavailable`.
        """
        ...


class Clock(Protocol):
    """Wall-clock time as Unix seconds."""

    def __call__(self) -> float: ...
