"""Imports into the catalogue and its revisions: all or nothing, and nothing written that did not pass every check."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from trunkline.server.domain.catalog.changes import Plan, check_bounds, plan
from trunkline.server.domain.catalog.facts import Change, Delivery, Layered, Problem, Revision
from trunkline.server.errors import FeedRefused, RevisionConflict, RevisionNotFound
from trunkline.server.usecases.ports import CatalogStore, Clock, Progress

Check = Callable[[Iterable[Layered]], Sequence[Problem]]
"""Judges a whole catalogue; its fatal problems refuse the import."""

ATTEMPTS = 5
"""How often an import is planned anew when somebody else commits in between."""

LISTED = 100
"""Problems that a refusal lists; of the others only the number is told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an import or rollback: `revision` is None where nothing changed or nothing was to be written."""

    revision: Revision | None
    plan: Plan
    warnings: tuple[Problem, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the catalogue differs, or would differ, from what it was."""
        return bool(self.plan.changes)


def silent(_step: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


def import_feeds(
    store: CatalogStore,
    deliveries: Sequence[Delivery],
    *,
    title: str,
    clock: Clock,
    check: Check,
    merge: bool = False,
    accept: bool = False,
    write: bool = True,
    progress: Progress = silent,
) -> Outcome:
    """Lay deliveries into the catalogue as one revision and return what changed; without a change none is made.

    `merge` keeps base rows that full lists lack, `accept` takes what is out of bounds, `write=False`
    only tells what would change. Raises `FeedRefused` with every problem found, `RevisionConflict` when
    others kept committing, `StoreUnavailable`; in each case nothing is written.
    """
    _refuse_if(problem for delivery in deliveries for problem in delivery.problems)
    for attempt in range(ATTEMPTS):
        head, current = _current(store, progress)
        progress("Comparing", 0, 1)
        planned = plan(current, deliveries, now=int(clock()), merge=merge)
        progress("Comparing", 1, 1)
        progress("Checking", 0, 1)
        found = check(planned.after)
        _refuse_if(found, () if accept or not planned.changes else check_bounds(current, planned.after))
        progress("Checking", 1, 1)
        stated = (problem for delivery in deliveries for problem in delivery.problems)
        warnings = tuple(problem for problem in (*stated, *planned.warnings, *found) if not problem.fatal)
        if not planned.changes or not write:
            return Outcome(None, planned, warnings)
        try:
            return Outcome(_commit(store, head, title, clock, planned.changes, progress), planned, warnings)
        except RevisionConflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def rollback(
    store: CatalogStore, to: int, *, clock: Clock, progress: Progress = silent, by: str = ""
) -> Revision | None:
    """Make a revision whose facts are those of revision `to`, and return it; None when they are already.

    `by` is who does it, for the revision's title. Nothing is deleted: what lies between stays in the history.
    Raises `RevisionNotFound`, `RevisionConflict`, `StoreUnavailable`.
    """
    if to < 1:
        raise RevisionNotFound(f"there is no revision {to}")
    head = store.head()
    changes = tuple(store.diff(head, to))
    if not changes:
        return None
    title = f"rollback to {to}, by {by}" if by else f"rollback to {to}"
    return _commit(store, head, title, clock, changes, progress)


def diff(store: CatalogStore, older: int | None = None, newer: int | None = None) -> Iterator[Change]:
    """Yield the rows that differ between two revisions: by default what the newest changed.

    With `older` alone, what changed since then. Revision 0 is the empty catalogue. Raises `RevisionNotFound`.
    """
    newest = store.head() if newer is None else newer
    oldest = max(newest - 1, 0) if older is None else older
    return store.diff(oldest, newest)


def history(store: CatalogStore, limit: int = 50, before: int | None = None) -> list[Revision]:
    """Return up to `limit` revisions, newest first, older than `before` where it is given."""
    return store.history(limit, before)


def _current(store: CatalogStore, progress: Progress) -> tuple[int, list[Layered]]:
    # The head is read first: a commit in between makes ours fail instead of being undone by it.
    progress("Loading", 0, 1)
    head = store.head()
    current = list(store.facts(head))
    progress("Loading", 1, 1)
    return head, current


def _commit(
    store: CatalogStore, head: int, title: str, clock: Clock, changes: Sequence[Change], progress: Progress
) -> Revision:
    progress("Writing", 0, len(changes))
    revision = store.commit(head, title, int(clock()), changes)
    progress("Writing", len(changes), len(changes))
    return revision


def _refuse_if(problems: Iterable[Problem], out_of_bounds: Sequence[Problem] = ()) -> None:
    found = [problem for problem in problems if problem.fatal] + list(out_of_bounds)
    if not found:
        return
    listed = found[:LISTED]
    if len(found) > LISTED:
        listed.append(Problem("…", "", f"and {len(found) - LISTED} more problems"))
    hint = "; if this is news and no fault, it can be accepted" if len(found) == len(out_of_bounds) else ""
    raise FeedRefused(f"refused, nothing was changed{hint}", listed)
