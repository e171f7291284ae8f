"""`/govern/members`: the people of an organisation."""

from __future__ import annotations

from typing import Any, Final

from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import members
from trunkline.server.usecases.bodies import Page as Listed
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.members import MemberCreate, MemberPatch
from trunkline.server.web import typed
from trunkline.server.web.page import Page
from trunkline.server.web.typed import Typed
from trunkline.server.web.visit import Visit

LIST: Final = "/govern/members"
FIELDS: Final = ("email", "role", "first_name", "last_name", "id")
ROLES: Final = (("org:member", "member"), ("org:admin", "admin"))
SIZE: Final = 100


def _list(visit: Visit, filled: Typed = typed.BLANK, status: int = 200) -> Answer:
    assert visit.who is not None
    text = dict(visit.pairs).get("offset", "0")
    offset = int(text) if text.isdecimal() and len(text) < 9 else 0
    found: Listed[Any] = Listed([], 0)
    people = visit.who.account.kind is AccountKind.ORGANIZATION
    if people:
        found = members.list_members(visit.context.accounts, visit.who.account.id, Paging(offset, SIZE))
    return visit.render(
        "members.html",
        status=status,
        people=people,
        found=found.data,
        total=found.total_count,
        offset=offset,
        size=SIZE,
        typed=filled,
        roles=ROLES,
    )


def _add(visit: Visit) -> Answer:
    context = visit.context
    try:
        values = _values(visit) | {"id": visit.field("id").strip() or None}
        body = typed.body(values, MemberCreate)
        members.add(context.accounts, visit.actor, body, clock=context.clock, entropy=context.entropy)
    except typed.REFUSALS as error:
        return _list(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(LIST, done="added")


def _update(visit: Visit) -> Answer:
    context = visit.context
    try:
        body = typed.body({"role": visit.field("role")}, MemberPatch)
        members.update(context.accounts, visit.actor, visit.params["id"], body, clock=context.clock)
    except typed.REFUSALS as error:
        return _list(visit, typed.refused([], error, ()), error.status)
    return visit.redirect(LIST, done="saved")


def _remove(visit: Visit) -> Answer:
    context = visit.context
    try:
        members.remove(
            context.accounts,
            visit.actor,
            visit.params["id"],
            clock=context.clock,
            disable_keys=visit.field("disable_keys") == "true",
        )
    except typed.REFUSALS as error:
        return _list(visit, typed.refused([], error, ()), error.status)
    return visit.redirect(LIST, done="removed")


def _values(visit: Visit) -> dict[str, Any]:
    return {
        "email": visit.field("email").strip(),
        "role": visit.field("role"),
        "first_name": visit.field("first_name").strip() or None,
        "last_name": visit.field("last_name").strip() or None,
    }


PAGES = (
    Page(LIST, _list),
    Page(LIST, _add, method="POST"),
    Page(f"{LIST}/{{id}}", _update, method="POST"),
    Page(f"{LIST}/{{id}}/remove", _remove, method="POST"),
)
