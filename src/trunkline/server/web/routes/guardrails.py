"""`/govern/guardrails`: guardrails with their live preview, and what is assigned to them."""

from __future__ import annotations

from typing import Any, Final, get_args

from msgspec.structs import replace

from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.merge import Items
from trunkline.server.errors import NotFound
from trunkline.server.http import acting
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import assignments, chosen_key, explanations, guardrails, naming
from trunkline.server.usecases.assignments import KeyHashes, MemberIds
from trunkline.server.usecases.bodies import Paging
from trunkline.server.usecases.explanations import PREVIEWED, GuardrailPreview, Left
from trunkline.server.usecases.guardrail_bodies import BuiltinSlug, GuardrailCreate, GuardrailPatch
from trunkline.server.web import restricting, typed
from trunkline.server.web.page import Page
from trunkline.server.web.typed import Typed
from trunkline.server.web.visit import Visit

LIST: Final = "/govern/guardrails"
BUILTINS: Final[tuple[str, ...]] = get_args(BuiltinSlug)
ACTIONS: Final = (("", "off"), ("flag", "flag"), ("redact", "redact"), ("block", "block"))
FIELDS: Final = (
    *restricting.FIELDS, "name", "description", "limit_usd", "reset_interval", "workspace_id", "content_filters",
    "content_filter_builtins",
)  # fmt: skip
SPARE: Final = 2
"""Empty rows for further patterns."""
SIZE: Final = 50


def _list(visit: Visit) -> Answer:
    assert visit.who is not None
    accounts, account_id = visit.context.accounts, visit.who.account.id
    text = dict(visit.pairs).get("offset", "0")
    offset = int(text) if text.isdecimal() and len(text) < 9 else 0
    found = guardrails.list_guardrails(accounts, account_id, Paging(offset, SIZE))
    everything = Paging(0, 10_000)
    counts: dict[str, list[int]] = {}
    for row in assignments.list_keys(accounts, account_id, paging=everything).data:
        counts.setdefault(row.assignment.guardrail_id, [0, 0])[0] += 1
    for member in assignments.list_members(accounts, account_id, paging=everything).data:
        counts.setdefault(member.guardrail_id, [0, 0])[1] += 1
    return visit.render(
        "guardrails.html",
        found=found.data,
        total=found.total_count,
        offset=offset,
        size=SIZE,
        counts=counts,
        places=naming.workspaces(accounts, account_id),
        is_default=guardrails.is_default,
        said=_said,
    )


def _new(visit: Visit, filled: Typed | None = None, status: int = 200, **more: Any) -> Answer:
    begun = typed.begun(content_filter_pattern=[""] * SPARE)
    return _form(visit, filled or begun, status, guardrail=None, workspace=None, **more)


def _create(visit: Visit) -> Answer:
    context = visit.context
    try:
        body = typed.body(_values(visit) | _named(visit), GuardrailCreate)
        made = guardrails.create(
            context.accounts,
            visit.actor,
            body,
            clock=context.clock,
            entropy=context.entropy,
            catalogued=_items(visit),
        )
    except typed.REFUSALS as error:
        return _new(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(f"{LIST}/{made.id}", done="made")


def _show(visit: Visit, filled: Typed | None = None, status: int = 200, **more: Any) -> Answer:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    guardrail, workspace = guardrails.begun(context.accounts, account_id, visit.params["id"], clock=context.clock)
    return _form(visit, filled or _begun(guardrail), status, guardrail=guardrail, workspace=workspace, **more)


def _update(visit: Visit) -> Answer:
    context = visit.context
    try:
        body = typed.body(_values(visit), GuardrailPatch)
        guardrails.update(
            context.accounts,
            visit.actor,
            visit.params["id"],
            body,
            clock=context.clock,
            catalogued=_items(visit),
        )
    except typed.REFUSALS as error:
        return _show(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(f"{LIST}/{visit.params['id']}", done="saved")


def _delete(visit: Visit) -> Answer:
    guardrails.delete(visit.context.accounts, visit.actor, visit.params["id"], clock=visit.context.clock)
    return visit.redirect(LIST, done="deleted")


def _assign(visit: Visit) -> Answer:
    context, guardrail_id = visit.context, visit.params["id"]
    accounts, actor, clock, entropy = context.accounts, visit.actor, context.clock, context.entropy
    if chosen := visit.every("chosen"):
        keys, members = KeyHashes(key_hashes=chosen), MemberIds(member_user_ids=chosen)
        match visit.field("kind"), visit.field("away"):
            case "keys", "true":
                assignments.unassign_keys(accounts, actor, guardrail_id, keys, clock=clock)
            case "keys", _:
                assignments.assign_keys(accounts, actor, guardrail_id, keys, clock=clock, entropy=entropy)
            case "members", "true":
                assignments.unassign_members(accounts, actor, guardrail_id, members, clock=clock)
            case "members", _:
                assignments.assign_members(accounts, actor, guardrail_id, members, clock=clock, entropy=entropy)
    return visit.redirect(f"{LIST}/{guardrail_id}", done="assigned")


def _preview(visit: Visit) -> Answer:
    """Tell what the form would leave; scripts get that alone, others the form with it."""
    guardrail_id = visit.field("guardrail_id")
    filled, left = typed.of(visit.form), None
    try:
        left = _left(visit, guardrail_id)
    except typed.REFUSALS as error:
        filled = typed.refused(visit.form, error, FIELDS)
    except NotFound:
        left = _left(visit, "")
    if visit.partial:
        return visit.render("guardrail.html", block="preview", typed=filled, left=left)
    if guardrail_id:
        visit.request = replace(visit.request, params={"id": guardrail_id})
        return _show(visit, filled, left=left)
    return _new(visit, filled, left=left)


def _left(visit: Visit, guardrail_id: str) -> list[Left]:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    named: dict[str, Any] = {}
    if guardrail_id:
        _, workspace = guardrails.begun(context.accounts, account_id, guardrail_id, clock=context.clock)
        named = {"guardrail_id": guardrail_id} if workspace is None else {"workspace_id": workspace.id}
    body = typed.body(restricting.read(visit) | named, GuardrailPreview)
    return explanations.preview_guardrail(
        context.accounts,
        context.snapshot(),
        account_id,
        body,
        catalogued=_items(visit),
        clock=context.clock,
        records=context.records,
        credentials=context.credentials,
    )


def _form(visit: Visit, filled: Typed, status: int, **values: Any) -> Answer:
    assert visit.who is not None
    accounts, account_id = visit.context.accounts, visit.who.account.id
    guardrail: Guardrail | None = values["guardrail"]
    under: dict[str, Any] = {"under_keys": [], "under_members": []}
    stored = guardrail is not None and values["workspace"] is None
    if guardrail is not None and stored:
        paging = Paging(0, PREVIEWED)
        under["under_keys"] = assignments.list_keys(accounts, account_id, guardrail.id, paging).data
        under["under_members"] = assignments.list_members(accounts, account_id, guardrail.id, paging).data
    return visit.render(
        "guardrail.html",
        status=status,
        typed=filled,
        rows=restricting,
        builtins=BUILTINS,
        actions=ACTIONS,
        places=naming.workspaces(accounts, account_id),
        members=naming.members(accounts, account_id),
        keys=chosen_key.choices(accounts, account_id),
        assignable=stored,
        **{"left": None, **values, **under},
    )


def _begun(guardrail: Guardrail) -> Typed:
    filters = guardrail.content_filters or ()
    builtins = guardrail.content_filter_builtins or ()
    values: dict[str, object] = {f"builtin-{row.slug}": row.action for row in builtins}
    values |= {"scan_scope": next((row.scan_scope for row in builtins if row.scan_scope), "")}
    return typed.begun(
        **restricting.begun(guardrail),
        **values,
        name=guardrail.name,
        description=guardrail.description,
        limit_usd=guardrail.limit_usd,
        reset_interval=guardrail.reset_interval,
        include_byok_in_budgets=guardrail.include_byok_in_budgets,
        content_filter_pattern=[*(row.pattern for row in filters), *([""] * SPARE)],
        content_filter_action=[*(row.action for row in filters), *(["redact"] * SPARE)],
        content_filter_label=[*(row.label or "" for row in filters), *([""] * SPARE)],
    )


def _values(visit: Visit) -> dict[str, Any]:
    """Return the form as the body of a change. Raises `BadRequest`."""
    values = restricting.read(visit) | {
        "description": visit.field("description").strip() or None,
        "limit_usd": typed.amount(visit.field("limit_usd"), "limit_usd"),
        "reset_interval": visit.field("reset_interval") or None,
        "include_byok_in_budgets": bool(visit.field("include_byok_in_budgets")),
        "content_filters": _filters(visit) or None,
        "content_filter_builtins": _builtins(visit) or None,
    }
    if any(known == "name" for known, _ in visit.form):
        values["name"] = visit.field("name").strip()
    return values


def _filters(visit: Visit) -> list[dict[str, Any]]:
    rows = zip(
        visit.every("content_filter_pattern"),
        visit.every("content_filter_action"),
        visit.every("content_filter_label"),
        strict=False,
    )
    return [
        {"pattern": pattern, "action": action, "label": label.strip() or None}
        for pattern, action, label in rows
        if pattern.strip()
    ]


def _builtins(visit: Visit) -> list[dict[str, Any]]:
    found = []
    for slug in BUILTINS:
        if action := visit.field(f"builtin-{slug}"):
            scope = visit.field("scan_scope") if slug == "regex-prompt-injection" else ""
            found.append({"slug": slug, "action": action, "scan_scope": scope or None})
    return found


def _named(visit: Visit) -> dict[str, Any]:
    place = visit.field("workspace_id")
    return {"name": visit.field("name").strip(), **({"workspace_id": place} if place else {})}


def _items(visit: Visit) -> Items:
    assert visit.who is not None
    return acting.items(visit.context, visit.who.account.id)


def _said(guardrail: Guardrail) -> list[str]:
    """Return in a few words what a guardrail restricts."""
    told = []
    for name, title, _ in restricting.LISTS:
        if items := getattr(guardrail, name):
            told.append(
                f"{title.lower().replace('these ', '')}: {', '.join(items[:3])}{' …' if len(items) > 3 else ''}"
            )
    if groups := [title for name, title in restricting.GROUPS if getattr(guardrail, name)]:
        told.append(f"no retention: {'all' if len(groups) == len(restricting.GROUPS) else ', '.join(groups)}")
    if guardrail.allowed_data_regions:
        told.append(f"hosts: {', '.join(guardrail.allowed_data_regions)}")
    filters = len(guardrail.content_filters or ()) + len(guardrail.content_filter_builtins or ())
    if filters:
        told.append(f"{filters} content filter{'s' if filters > 1 else ''}")
    return told


PAGES = (
    Page(LIST, _list),
    Page(LIST, _create, method="POST"),
    Page(f"{LIST}/new", _new),
    Page(f"{LIST}/preview", _preview, method="POST"),
    Page(f"{LIST}/{{id}}", _show),
    Page(f"{LIST}/{{id}}", _update, method="POST"),
    Page(f"{LIST}/{{id}}/assign", _assign, method="POST"),
    Page(f"{LIST}/{{id}}/delete", _delete, method="POST"),
)
