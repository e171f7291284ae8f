"""Who belongs to a workspace (spec 1.7, 2.11, 5.10)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta, Struct
from msgspec.structs import replace

from trunkline.server.domain.policy.account import Member, Role
from trunkline.server.domain.policy.audit import Actor
from trunkline.server.domain.policy.workspace import Workspace, WorkspaceMember, default_workspace_id
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.usecases.account_ports import Accounts, Entropy, Reader
from trunkline.server.usecases.bodies import FIRST_PAGE, Name, Page, Paging, new_id, refuse
from trunkline.server.usecases.ports import Clock
from trunkline.server.usecases.workspaces import find


class UserIds(Struct, frozen=True, kw_only=True):
    """The body that adds people to a workspace or removes them."""

    user_ids: Annotated[list[Name], Meta(min_length=1, max_length=100)]


def role_of(member: Member) -> str:
    """Return the role that a member of the organisation has in its workspaces (spec 5.10)."""
    return "admin" if member.role is Role.ADMIN else "member"


def may_work_in(store: Reader, account_id: str, user_id: str, workspace: Workspace) -> bool:
    """Tell whether a user belongs to a workspace: every member to the default one, admins to every one."""
    member = store.members.get(account_id, user_id)
    if member is None:
        return False
    if workspace.id == default_workspace_id(account_id) or member.role is Role.ADMIN:
        return True
    return store.workspace_members.count(account_id, where={"workspace_id": workspace.id, "user_id": user_id}) > 0


def list_members(
    accounts: Accounts, account_id: str, reference: str, paging: Paging = FIRST_PAGE
) -> Page[WorkspaceMember]:
    """Return who belongs to a workspace, newest first; to the default one, everybody. Raises `NotFound`."""
    with accounts.read() as store:
        workspace = find(store, account_id, reference)
        if workspace.id == default_workspace_id(account_id):
            everybody = store.members.page(account_id, offset=paging.offset, limit=paging.limit)
            return Page([_implicit(workspace, member) for member in everybody], store.members.count(account_id))
        where = {"workspace_id": workspace.id}
        rows = store.workspace_members.page(account_id, where=where, offset=paging.offset, limit=paging.limit)
        return Page(rows, store.workspace_members.count(account_id, where=where))


def add(
    accounts: Accounts, actor: Actor, reference: str, body: UserIds, *, clock: Clock, entropy: Entropy
) -> list[WorkspaceMember]:
    """Put members of the organisation into a workspace, in their role there; return all that were named.

    Who is in it already is brought to the role. All or nothing: raises `NotFound`, and `BadRequest` for the default
    workspace and for users who are no members.
    """
    with accounts.change(actor, clock) as store:
        workspace = _explicit(store, actor.account_id, reference)
        made: list[WorkspaceMember] = []
        there = _in_workspace(store, actor.account_id, workspace, body.user_ids)
        for number, user_id in enumerate(dict.fromkeys(body.user_ids)):
            member = store.members.get(actor.account_id, user_id)
            if member is None:
                raise refuse(f"user_ids[{number}]", "is no member of this organization")
            present = there.get(user_id)
            if present is None:
                row = WorkspaceMember(
                    id=new_id(entropy),
                    workspace_id=workspace.id,
                    user_id=user_id,
                    role=role_of(member),
                    created_at=store.now,
                )
                store.workspace_members.add(actor.account_id, row)
            else:
                row = replace(present, role=role_of(member))
                store.workspace_members.replace(actor.account_id, row)
            made.append(row)
        return made


def remove(accounts: Accounts, actor: Actor, reference: str, body: UserIds, *, clock: Clock) -> int:
    """Take users out of a workspace and return how many were in it.

    All or nothing: raises `NotFound`, and `BadRequest` for the default workspace, for users who are no members of
    the organisation and for those who have active keys in the workspace.
    """
    with accounts.change(actor, clock) as store:
        workspace = _explicit(store, actor.account_id, reference)
        for number, user_id in enumerate(body.user_ids):
            if store.members.get(actor.account_id, user_id) is None:
                raise refuse(f"user_ids[{number}]", "is no member of this organization")
        owners = {"workspace_id": workspace.id, "creator_user_id": body.user_ids}
        active = {key.creator_user_id for key in store.keys.active(actor.account_id, store.now, owners)}
        if active:
            issues = [
                Issue(f"user_ids[{number}]", "has active API keys in this workspace")
                for number, user_id in enumerate(body.user_ids)
                if user_id in active
            ]
            raise BadRequest(issues=issues)
        there = _in_workspace(store, actor.account_id, workspace, body.user_ids)
        return store.workspace_members.remove(actor.account_id, *(row.id for row in there.values()))


def _explicit(store: Reader, account_id: str, reference: str) -> Workspace:
    workspace = find(store, account_id, reference)
    if workspace.id == default_workspace_id(account_id):
        raise BadRequest("Every member of the organization belongs to its default workspace")
    return workspace


def _in_workspace(
    store: Reader, account_id: str, workspace: Workspace, user_ids: list[str]
) -> dict[str, WorkspaceMember]:
    where = {"workspace_id": workspace.id, "user_id": user_ids}
    return {row.user_id: row for row in store.workspace_members.page(account_id, where=where)}


def _implicit(workspace: Workspace, member: Member) -> WorkspaceMember:
    return WorkspaceMember(
        id=str(uuid5(UUID(workspace.id), member.id)),
        workspace_id=workspace.id,
        user_id=member.id,
        role=role_of(member),
        created_at=max(workspace.created_at, member.created_at),
    )
