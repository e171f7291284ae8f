"""`/govern/keys`: inference keys, made, changed, watched and deleted."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import default_workspace_id
from trunkline.server.errors import NotFound
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import current_key, keys, naming
from trunkline.server.usecases.bodies import is_uuid
from trunkline.server.usecases.keys import KeyCreate, KeyPatch
from trunkline.server.web import typed
from trunkline.server.web.page import Page
from trunkline.server.web.typed import Typed
from trunkline.server.web.visit import Visit

LIST: Final = "/govern/keys"
FIELDS: Final = ("name", "limit", "limit_reset", "expires_at", "creator_user_id", "workspace_id")
RESETS: Final = (("", "never"), ("daily", "every day"), ("weekly", "every Monday"), ("monthly", "every month"))


def _list(visit: Visit) -> Answer:
    assert visit.who is not None
    context, account_id, asked = visit.context, visit.who.account.id, dict(visit.pairs)
    places = naming.workspaces(context.accounts, account_id)
    place = asked.get("workspace", default_workspace_id(account_id))
    offset = int(text) if (text := asked.get("offset", "0")).isdecimal() and len(text) < 9 else 0
    found = keys.list_keys(
        context.accounts,
        account_id,
        clock=context.clock,
        workspace_id=UUID(place) if is_uuid(place) else None,
        include_disabled=True,
        include_expired=True,
        offset=offset,
    )
    more = len(found) == keys.PAGE
    return visit.render(
        "keys.html",
        found=found,
        places=places,
        place=place,
        offset=offset,
        size=keys.PAGE,
        more=more,
        state=_state(visit),
    )


def _new(visit: Visit, filled: Typed | None = None, status: int = 200) -> Answer:
    assert visit.who is not None
    account_id = visit.who.account.id
    begun = typed.begun(workspace_id=dict(visit.pairs).get("workspace", default_workspace_id(account_id)))
    return visit.render(
        "key_new.html", status=status, typed=filled or begun, resets=RESETS, **_choices(visit, account_id)
    )


def _create(visit: Visit) -> Answer:
    assert visit.who is not None
    context = visit.context
    try:
        values: dict[str, Any] = {
            "name": visit.field("name").strip(),
            "limit": typed.amount(visit.field("limit"), "limit"),
            "limit_reset": visit.field("limit_reset") or None,
            "include_byok_in_limit": bool(visit.field("include_byok_in_limit")),
            "expires_at": typed.moment(visit.field("expires_at"), "expires_at"),
            "creator_user_id": visit.field("creator_user_id") or None,
            "workspace_id": visit.field("workspace_id") or None,
        }
        body = typed.body(values, KeyCreate)
        made, text = keys.create(context.accounts, visit.actor, body, clock=context.clock, entropy=context.entropy)
    except typed.REFUSALS as error:
        return _new(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.render("key_made.html", made=made, text=text)


def _show(visit: Visit, filled: Typed | None = None, status: int = 200) -> Answer:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    view = keys.get(context.accounts, account_id, visit.params["hash"], clock=context.clock)
    caller = context.accounts.caller(view.key.hash)
    if caller is None:
        raise NotFound
    key = view.key
    begun = typed.begun(
        name=key.name,
        limit=key.limit,
        limit_reset=key.limit_reset,
        include_byok_in_limit=key.include_byok_in_limit,
        workspace_id=key.workspace_id,
    )
    return visit.render(
        "key.html",
        status=status,
        view=view,
        caller=caller,
        budgets=current_key.current(context.accounts, caller, clock=context.clock).budgets,
        typed=filled or begun,
        resets=RESETS,
        state=_state(visit),
        **_choices(visit, account_id),
    )


def _update(visit: Visit) -> Answer:
    context = visit.context
    try:
        values: dict[str, Any] = {
            "name": visit.field("name").strip(),
            "limit": typed.amount(visit.field("limit"), "limit"),
            "limit_reset": visit.field("limit_reset") or None,
            "include_byok_in_limit": bool(visit.field("include_byok_in_limit")),
        }
        if visit.field("workspace_id"):
            values["workspace_id"] = visit.field("workspace_id")
        body = typed.body(values, KeyPatch)
        keys.update(context.accounts, visit.actor, visit.params["hash"], body, clock=context.clock)
    except typed.REFUSALS as error:
        return _show(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(f"{LIST}/{visit.params['hash']}", done="saved")


def _switch(visit: Visit) -> Answer:
    context, off = visit.context, visit.field("disabled") == "true"
    try:
        body = KeyPatch(disabled=off)
        keys.update(context.accounts, visit.actor, visit.params["hash"], body, clock=context.clock)
    except typed.REFUSALS as error:
        return _show(visit, typed.refused([], error, ()), error.status)
    return visit.redirect(f"{LIST}/{visit.params['hash']}", done="disabled" if off else "enabled")


def _delete(visit: Visit) -> Answer:
    context = visit.context
    keys.delete(context.accounts, visit.actor, visit.params["hash"], clock=context.clock)
    return visit.redirect(LIST, done="deleted")


def _choices(visit: Visit, account_id: str) -> dict[str, Any]:
    accounts = visit.context.accounts
    return {"places": naming.workspaces(accounts, account_id), "members": naming.members(accounts, account_id)}


def _state(visit: Visit) -> Any:
    """Return a function that tells in a word whether a key counts now."""
    now = visit.context.clock()

    def state(key: Key) -> str:
        if key.disabled:
            return "disabled"
        return "expired" if key.expires_at is not None and key.expires_at.timestamp() <= now else "active"

    return state


PAGES = (
    Page(LIST, _list),
    Page(LIST, _create, method="POST"),
    Page(f"{LIST}/new", _new),
    Page(f"{LIST}/{{hash}}", _show),
    Page(f"{LIST}/{{hash}}", _update, method="POST"),
    Page(f"{LIST}/{{hash}}/switch", _switch, method="POST"),
    Page(f"{LIST}/{{hash}}/delete", _delete, method="POST"),
)
