"""`/govern/audit`: who changed what, when and from where, with what it was before."""

from __future__ import annotations

from typing import Final

from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import audit
from trunkline.server.web.differences import between
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

SIZE: Final = 50
NOUNS: Final = (
    "account", "key", "guardrail", "key_assignment", "member_assignment", "workspace", "budget",
    "workspace_member", "member", "byok",
)  # fmt: skip
"""Kinds of rows to choose among; the address takes any other."""


def _list(visit: Visit) -> Answer:
    assert visit.who is not None
    asked = dict(visit.pairs)
    before = asked.get("before")
    if before is not None and not (before.isdecimal() and len(before) < 19):
        raise BadRequest(issues=[Issue("before", "expected the number of an entry")])
    found = audit.entries(
        visit.context.accounts,
        visit.who.account.id,
        noun=asked.get("noun"),
        noun_id=asked.get("id"),
        before=None if before is None else int(before),
        limit=SIZE,
    )
    return visit.render(
        "audit.html",
        block="result",
        found=[(entry, between(entry.before, entry.after)) for entry in found],
        following=found[-1].id if len(found) == SIZE else None,
        asked=asked,
        nouns=NOUNS,
    )


PAGES = (Page("/govern/audit", _list),)
