"""`/govern/byok`: the account's own keys at providers; their secrets go in and never come out."""

from __future__ import annotations

from typing import Any, Final

from trunkline.server.domain.policy.merge import Items
from trunkline.server.domain.policy.workspace import default_workspace_id
from trunkline.server.http import acting
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import byok, naming, providers
from trunkline.server.usecases.bodies import Paging, is_uuid
from trunkline.server.usecases.byok import ByokCreate, ByokPatch
from trunkline.server.web import typed
from trunkline.server.web.page import Page
from trunkline.server.web.typed import Typed
from trunkline.server.web.visit import Visit

LIST: Final = "/govern/byok"
FIELDS: Final = ("provider", "key", "name", "allowed_models", "workspace_id", "declared_zdr", "declared_region")
REGIONS: Final = (("", "not declared"), ("global", "anywhere"), ("europe", "Europe"), ("us", "the USA"))
RETENTION: Final = (("", "not declared"), ("yes", "nothing is retained there"), ("no", "something is retained there"))
SECRETS: Final = ("key",)
EVERYWHERE: Final = "everywhere"
SIZE: Final = 200


def _list(visit: Visit) -> Answer:
    assert visit.who is not None
    accounts, account_id, asked = visit.context.accounts, visit.who.account.id, dict(visit.pairs)
    place = asked.get("workspace", default_workspace_id(account_id))
    found = byok.list_credentials(accounts, account_id, Paging(0, SIZE), workspace_id=place if is_uuid(place) else "")
    return visit.render(
        "byok.html",
        found=found.data,
        total=found.total_count,
        place=place,
        places=naming.workspaces(accounts, account_id),
        names=_names(visit),
        sealing=visit.context.vault is not None,
    )


def _new(visit: Visit, filled: Typed | None = None, status: int = 200) -> Answer:
    assert visit.who is not None
    asked = dict(visit.pairs)
    begun = typed.begun(provider=asked.get("provider", ""), workspace_id=asked.get("workspace", EVERYWHERE))
    return _form(visit, filled or begun, status, None)


def _create(visit: Visit) -> Answer:
    context = visit.context
    place = visit.field("workspace_id")
    try:
        values = _values(visit) | {"provider": visit.field("provider"), "key": visit.field("key").strip()}
        if place and place != EVERYWHERE:
            values["workspace_id"] = place
        made = byok.create(
            context.accounts,
            visit.actor,
            typed.body(values, ByokCreate),
            clock=context.clock,
            entropy=context.entropy,
            vault=context.sealing(),
            catalogued=_items(visit),
            reachable=context.reachable,
            everywhere=place == EVERYWHERE,
        )
    except typed.REFUSALS as error:
        return _new(visit, typed.refused(visit.form, error, FIELDS, SECRETS), error.status)
    return visit.redirect(f"{LIST}/{made.id}", done="made")


def _show(visit: Visit, filled: Typed | None = None, status: int = 200) -> Answer:
    assert visit.who is not None
    one = byok.get(visit.context.accounts, visit.who.account.id, visit.params["id"])
    begun = typed.begun(
        name=one.name,
        allowed_models=one.allowed_models,
        is_fallback=one.is_fallback,
        is_required=one.is_required,
        is_byok_only=one.is_byok_only,
        declared_zdr={True: "yes", False: "no", None: ""}[one.declared_zdr],
        declared_region=one.declared_region,
        disabled=one.disabled,
    )
    return _form(visit, filled or begun, status, one)


def _update(visit: Visit) -> Answer:
    context = visit.context
    try:
        values = _values(visit) | {"disabled": bool(visit.field("disabled"))}
        if visit.field("key").strip():
            values["key"] = visit.field("key").strip()
        byok.update(
            context.accounts,
            visit.actor,
            visit.params["id"],
            typed.body(values, ByokPatch),
            clock=context.clock,
            vault=context.sealing(),
            catalogued=_items(visit),
        )
    except typed.REFUSALS as error:
        return _show(visit, typed.refused(visit.form, error, FIELDS, SECRETS), error.status)
    return visit.redirect(f"{LIST}/{visit.params['id']}", done="saved")


def _delete(visit: Visit) -> Answer:
    byok.delete(visit.context.accounts, visit.actor, visit.params["id"], clock=visit.context.clock)
    return visit.redirect(LIST, done="deleted")


def _form(visit: Visit, filled: Typed, status: int, one: Any) -> Answer:
    assert visit.who is not None
    names = _names(visit)
    return visit.render(
        "byok_form.html",
        status=status,
        typed=filled,
        one=one,
        names=names,
        reachable=sorted(((slug, names.get(slug, slug)) for slug in visit.context.reachable), key=lambda row: row[1]),
        places=naming.workspaces(visit.context.accounts, visit.who.account.id),
        everywhere=EVERYWHERE,
        regions=REGIONS,
        retention=RETENTION,
    )


def _values(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.field("name").strip() or None,
        "allowed_models": typed.words(visit.field("allowed_models")) or None,
        "is_fallback": bool(visit.field("is_fallback")),
        "is_required": bool(visit.field("is_required")),
        "is_byok_only": bool(visit.field("is_byok_only")),
        "declared_zdr": {"yes": True, "no": False}.get(visit.field("declared_zdr")),
        "declared_region": visit.field("declared_region") or None,
    }


def _names(visit: Visit) -> dict[str, str]:
    return {row["slug"]: row["name"] for row in providers.list_providers(visit.context.snapshot())}


def _items(visit: Visit) -> Items:
    assert visit.who is not None
    return acting.items(visit.context, visit.who.account.id)


PAGES = (
    Page(LIST, _list),
    Page(LIST, _create, method="POST"),
    Page(f"{LIST}/new", _new),
    Page(f"{LIST}/{{id}}", _show),
    Page(f"{LIST}/{{id}}", _update, method="POST"),
    Page(f"{LIST}/{{id}}/delete", _delete, method="POST"),
)
