"""Workspaces: listed, made, read, changed and deleted (spec 1.7, 2.11, 5.10)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.workspace import Workspace, default_workspace_id
from trunkline.server.errors import BadRequest, NotFound
from trunkline.server.usecases.account_ports import Accounts, Entropy, Reader
from trunkline.server.usecases.bodies import FIRST_PAGE, Page, Paging, given, is_uuid, new_id, refuse
from trunkline.server.usecases.ports import Clock

WorkspaceName = Annotated[str, Meta(min_length=1, max_length=100)]
Slug = Annotated[str, Meta(min_length=1, max_length=50, pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*\Z")]
Description = Annotated[str, Meta(max_length=500)]
ProviderSort = Literal["price", "throughput", "latency", "exacto"]
Rate = Annotated[float, Meta(ge=0.0001, le=1)]

CONFIRM_DEFAULT = "confirm_default_workspace_deletion"
"""The query parameter without which the default workspace is not deleted."""


class WorkspaceFields(Struct, frozen=True, kw_only=True):
    """What making and changing a workspace have in common."""

    description: Description | UnsetType | None = UNSET
    default_text_model: str | UnsetType | None = UNSET
    default_image_model: str | UnsetType | None = UNSET
    default_provider_sort: ProviderSort | UnsetType | None = UNSET
    io_logging_sampling_rate: Rate | UnsetType = UNSET
    io_logging_api_key_ids: list[int] | UnsetType | None = UNSET
    is_observability_io_logging_enabled: bool | UnsetType = UNSET
    is_observability_broadcast_enabled: bool | UnsetType = UNSET
    is_data_discount_logging_enabled: bool | UnsetType = UNSET
    disabled_server_tools: list[str] | UnsetType | None = UNSET


class WorkspaceCreate(WorkspaceFields, frozen=True, kw_only=True):
    """The body that makes a workspace."""

    name: WorkspaceName
    slug: Slug


class WorkspacePatch(WorkspaceFields, frozen=True, kw_only=True):
    """The body that changes a workspace: what is absent stays, null clears."""

    name: WorkspaceName | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET


def list_workspaces(accounts: Accounts, account_id: str, paging: Paging = FIRST_PAGE) -> Page[Workspace]:
    """Return an account's workspaces, newest first."""
    with accounts.read() as store:
        rows = store.workspaces.page(account_id, offset=paging.offset, limit=paging.limit)
        return Page(rows, store.workspaces.count(account_id))


def find(store: Reader, account_id: str, reference: str) -> Workspace:
    """Return the workspace of an id or slug. Raises `NotFound`."""
    if is_uuid(reference):
        found = store.workspaces.get(account_id, reference.lower())
    else:
        found = next(iter(store.workspaces.page(account_id, where={"slug": reference}, limit=1)), None)
    if found is None:
        raise NotFound
    return found


def get(accounts: Accounts, account_id: str, reference: str) -> Workspace:
    """Return the workspace of an id or slug. Raises `NotFound`."""
    with accounts.read() as store:
        return find(store, account_id, reference)


def create(accounts: Accounts, actor: Actor, body: WorkspaceCreate, *, clock: Clock, entropy: Entropy) -> Workspace:
    """Make a workspace and return it. Raises `BadRequest` for a slug that is taken or looks like an id."""
    with accounts.change(actor, clock) as store:
        _require_free(store, actor.account_id, body.slug)
        made = Workspace(
            id=new_id(entropy),
            account_id=actor.account_id,
            created_at=store.now,
            created_by=actor.user_id,
            **_fields(body),
        )
        store.workspaces.add(actor.account_id, made)
    return made


def update(accounts: Accounts, actor: Actor, reference: str, body: WorkspacePatch, *, clock: Clock) -> Workspace:
    """Change a workspace and return it. Raises `NotFound`, and `BadRequest` for a slug that is taken."""
    with accounts.change(actor, clock) as store:
        before = find(store, actor.account_id, reference)
        changes = _fields(body)
        if changes.get("slug", before.slug) != before.slug:
            _require_free(store, actor.account_id, changes["slug"])
        after = replace(before, **changes)
        if after != before:
            after = replace(after, updated_at=store.now)
            store.workspaces.replace(actor.account_id, after)
        return after


def delete(accounts: Accounts, actor: Actor, reference: str, *, clock: Clock, confirm_default: bool = False) -> None:
    """Delete a workspace with its members, budgets and guardrails, for good.

    Keys that no longer count stay, without a workspace. Raises `NotFound`, and `BadRequest` while keys are active
    and for the default workspace unless that is confirmed.
    """
    with accounts.change(actor, clock) as store:
        workspace = find(store, actor.account_id, reference)
        if workspace.id == default_workspace_id(actor.account_id) and not confirm_default:
            raise BadRequest(f"The default workspace is deleted only with {CONFIRM_DEFAULT}=true")
        active = len(store.keys.active(actor.account_id, store.now, {"workspace_id": workspace.id}))
        if active:
            raise BadRequest(f"The workspace has active API keys ({active}); disable, move or delete them first")
        store.workspaces.remove(actor.account_id, workspace.id)


def _require_free(store: Reader, account_id: str, slug: str) -> None:
    try:
        UUID(slug)
    except ValueError:
        pass
    else:
        raise refuse("slug", "may not be a UUID")
    if store.workspaces.count(account_id, where={"slug": slug}):
        raise refuse("slug", "is the slug of another workspace")


def _fields(body: WorkspaceFields) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given(body).items()}
