"""Guardrails: listed, made, read, changed and deleted, the default ones of workspaces among them (spec 1.7, 5.8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from trunkline.server.domain.content.expressions import check
from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.guardrail import (
    ContentFilter,
    ContentFilterBuiltin,
    Guardrail,
    default_guardrail_id,
)
from trunkline.server.domain.policy.merge import require_whole_budget
from trunkline.server.domain.policy.workspace import Workspace, default_workspace_id
from trunkline.server.errors import NotFound
from trunkline.server.usecases.account_ports import Accounts, Catalogued, Entropy, Reader
from trunkline.server.usecases.bodies import FIRST_PAGE, Page, Paging, given, is_uuid, new_id, refuse, usd
from trunkline.server.usecases.guardrail_bodies import GuardrailCreate, GuardrailFields, GuardrailPatch
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.restrictions import stated


def list_guardrails(
    accounts: Accounts, account_id: str, paging: Paging = FIRST_PAGE, *, workspace_id: str | None = None
) -> Page[Guardrail]:
    """Return an account's guardrails, newest first, only those placed in a workspace where one is given."""
    where = {} if workspace_id is None else {"workspace_id": workspace_id}
    with accounts.read() as store:
        rows = store.guardrails.page(account_id, where=where, offset=paging.offset, limit=paging.limit)
        return Page(rows, store.guardrails.count(account_id, where=where))


def get(accounts: Accounts, account_id: str, guardrail_id: str) -> Guardrail:
    """Return a guardrail. Raises `NotFound`, also for a default guardrail that nobody has configured."""
    with accounts.read() as store:
        return find(store, account_id, guardrail_id)


def begun(
    accounts: Accounts, account_id: str, guardrail_id: str, *, clock: Clock
) -> tuple[Guardrail, Workspace | None]:
    """Return a guardrail as it is or, a workspace's default one, would begin, and the workspace whose default it is.

    Raises `NotFound`.
    """
    with accounts.read() as store:
        return _changeable(store, account_id, guardrail_id, datetime.fromtimestamp(clock(), UTC))


def find(store: Reader, account_id: str, guardrail_id: str) -> Guardrail:
    """Return a guardrail. Raises `NotFound`."""
    found = store.guardrails.get(account_id, guardrail_id.lower()) if is_uuid(guardrail_id) else None
    if found is None:
        raise NotFound
    return found


def create(
    accounts: Accounts,
    actor: Actor,
    body: GuardrailCreate,
    *,
    clock: Clock,
    entropy: Entropy,
    catalogued: Catalogued,
) -> Guardrail:
    """Make a guardrail and return it; it governs nothing until it is assigned.

    Raises `BadRequest` for a workspace that is not this account's and for everything `update` refuses.
    """
    changes = _changes(body, catalogued)
    place = default_workspace_id(actor.account_id) if body.workspace_id is UNSET else str(body.workspace_id)
    with accounts.change(actor, clock) as store:
        if store.workspaces.get(actor.account_id, place) is None:
            raise refuse("workspace_id", "is no workspace of this account")
        changes |= {"workspace_id": place}
        made = Guardrail(id=new_id(entropy), account_id=actor.account_id, created_at=store.now, **changes)
        require_whole_budget(made)
        store.guardrails.add(actor.account_id, made)
    return made


def update(
    accounts: Accounts,
    actor: Actor,
    guardrail_id: str,
    body: GuardrailPatch,
    *,
    clock: Clock,
    catalogued: Catalogued,
) -> Guardrail:
    """Change a guardrail and return it; the default one of a workspace is made by its first change (spec 5.8).

    Raises `NotFound`, and `BadRequest` for another name of a default guardrail, for models and providers that the
    catalogue does not have, for patterns that could take for ever, and for half a budget.
    """
    changes = _changes(body, catalogued)
    with accounts.change(actor, clock) as store:
        before, workspace = _changeable(store, actor.account_id, guardrail_id, store.now)
        if workspace is not None and changes.get("name", before.name) != before.name:
            raise refuse("name", "the name of a workspace's default guardrail cannot be changed")
        after = replace(before, **changes)
        require_whole_budget(after)
        if store.guardrails.get(actor.account_id, after.id) is None:
            store.guardrails.add(actor.account_id, after)
        elif after != before:
            after = replace(after, updated_at=store.now)
            store.guardrails.replace(actor.account_id, after)
        return after


def delete(accounts: Accounts, actor: Actor, guardrail_id: str, *, clock: Clock) -> None:
    """Delete a guardrail with its assignments; the default one of a workspace is as if never configured.

    Raises `NotFound`.
    """
    with accounts.change(actor, clock) as store:
        found = find(store, actor.account_id, guardrail_id)
        store.guardrails.remove(actor.account_id, found.id)


def is_default(guardrail: Guardrail) -> bool:
    """Tell whether a guardrail is the default one of its workspace."""
    return guardrail.workspace_id is not None and guardrail.id == default_guardrail_id(guardrail.workspace_id)


def default_name(workspace_id: str) -> str:
    """Return the name of a workspace's default guardrail (spec 5.8)."""
    return f"Workspace {workspace_id} Default"


def _changeable(store: Reader, account_id: str, guardrail_id: str, now: Any) -> tuple[Guardrail, Workspace | None]:
    """Return the guardrail as it is or would begin, and the workspace whose default it is."""
    if not is_uuid(guardrail_id):
        raise NotFound
    where = {"default_guardrail_id": guardrail_id.lower()}
    workspace = next(iter(store.workspaces.page(account_id, where=where, limit=1)), None)
    found = store.guardrails.get(account_id, guardrail_id.lower())
    if found is not None:
        return found, workspace
    if workspace is None:
        raise NotFound
    blank = Guardrail(
        id=guardrail_id.lower(),
        account_id=account_id,
        name=default_name(workspace.id),
        created_at=now,
        workspace_id=workspace.id,
    )
    return blank, workspace


def _changes(body: GuardrailFields, catalogued: Catalogued) -> dict[str, Any]:
    """Return the stated fields as a guardrail keeps them."""
    fields = given(body)
    own: dict[str, Any] = {name: fields.pop(name) for name in _OWN if name in fields}
    if own.get("limit_usd") is not None:
        own["limit_usd"] = usd(own["limit_usd"], "limit_usd", positive=True)
    for number, row in enumerate(own.get("content_filters") or ()):
        check(row.pattern, f"content_filters[{number}].pattern")
    for name, made in _FILTERS.items():
        if own.get(name) is not None:
            own[name] = tuple(made(**given(row)) for row in own[name])
    fields.pop("workspace_id", None)
    return own | stated(fields, catalogued)


_OWN: Final = (
    "name",
    "description",
    "limit_usd",
    "reset_interval",
    "include_byok_in_budgets",
    "content_filters",
    "content_filter_builtins",
)
_FILTERS: Final[Mapping[str, Any]] = {
    "content_filters": ContentFilter,
    "content_filter_builtins": ContentFilterBuiltin,
}
