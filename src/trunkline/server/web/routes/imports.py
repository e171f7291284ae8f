"""`/govern/catalogue`: the catalogue's revisions, what changed between any two, and the way back."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any, Final

from trunkline.server.errors import BadRequest, Forbidden, Issue, NotFound, RevisionConflict, RevisionNotFound
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import accounts, imports
from trunkline.server.web.differences import of_row
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

PATH: Final = "/govern/catalogue"
SIZE: Final = 30
SHOWN: Final = 200
"""Rows of a difference that are listed; all are counted."""
_OPERATORS: Final = "Only the operator's account does this: the catalogue is everybody's"


def _list(visit: Visit) -> Answer:
    before = _number(visit, "before")
    found = imports.history(visit.context.history(), SIZE + 1, before)
    return visit.render(
        "catalogue.html",
        found=found[:SIZE],
        older=found[SIZE - 1].number if len(found) > SIZE else None,
        head=visit.context.history().head(),
        served=visit.context.snapshot().revision,
        operates=_operates(visit),
        reads=_reads(visit),
        before=before,
    )


def _diff(visit: Visit) -> Answer:
    if not _reads(visit):
        raise Forbidden(_OPERATORS)
    store = visit.context.history()
    newer = _number(visit, "newer")
    newer = store.head() if newer is None else newer
    older = _number(visit, "older")
    older = max(newer - 1, 0) if older is None else older
    counts: Counter[tuple[str, str]] = Counter()
    rows: list[Any] = []
    try:
        changes = imports.diff(store, older, newer)
        for change in islice(changes, SHOWN):
            rows.append(of_row(change))
            counts[rows[-1].kind, rows[-1].step] += 1
        for change in changes:
            side = change.after or change.before
            assert side is not None
            step = "added" if change.before is None else "removed" if change.after is None else "changed"
            counts[side.fact.kind.value, step] += 1
    except RevisionNotFound as error:
        raise NotFound(error.message) from None
    return visit.render(
        "catalogue_diff.html",
        older=older,
        newer=newer,
        rows=rows,
        counts=counts,
        total=sum(counts.values()),
        head=store.head(),
        operates=_operates(visit),
        kinds=("model", "endpoint", "provider", "alias"),
    )


def _rollback(visit: Visit) -> Answer:
    if not _operates(visit):
        raise Forbidden(_OPERATORS)
    text = visit.field("to")
    if not text.isdecimal() or len(text) > 9:
        raise BadRequest(issues=[Issue("to", "expected the number of a revision")])
    try:
        made = imports.rollback(
            visit.context.history(), int(text), clock=visit.context.clock, by=f"{visit.actor.name} on the web"
        )
    except RevisionNotFound as error:
        raise NotFound(error.message) from None
    except RevisionConflict:
        return visit.redirect(PATH, done="conflict")
    return visit.redirect(PATH, done="same" if made is None else "back")


def _operates(visit: Visit) -> bool:
    """Tell whether the account may change what every account sees."""
    assert visit.who is not None
    return visit.context.operator == visit.who.account.id


def _reads(visit: Visit) -> bool:
    """Tell whether the account may read all of the catalogue: private models of others are in it."""
    return _operates(visit) or len(accounts.list_accounts(visit.context.accounts)) == 1


def _number(visit: Visit, name: str) -> int | None:
    text = dict(visit.pairs).get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise BadRequest(issues=[Issue(name, "expected the number of a revision")])
    return int(text)


PAGES = (
    Page(PATH, _list),
    Page(f"{PATH}/diff", _diff),
    Page(f"{PATH}/rollback", _rollback, method="POST"),
)
