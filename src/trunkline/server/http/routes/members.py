"""`/workspaces/{id}/members`, and our own `/members` of an organisation."""

from __future__ import annotations

from functools import partial

from trunkline.server.http import acting, answer, parameters, schemas_organization
from trunkline.server.http import schemas_workspaces as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, OWN_API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.schemas_keys import Deleted
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases import members, workspace_members
from trunkline.server.usecases.members import MemberCreate, MemberPatch
from trunkline.server.usecases.workspace_members import UserIds

_OF_WORKSPACE = f"{API}/workspaces/{{id}}/members"
_OWN = f"{OWN_API}/members"
_managed = partial(acting.managed, tag="Workspaces")
_ours = partial(acting.managed, tag="Organization")


def _list(context: Context, request: Request) -> Answer:
    account_id, paging = acting.account(request).id, acting.paging(LIST.read(request))
    page = workspace_members.list_members(context.accounts, account_id, request.params["id"], paging)
    rows = [fill(schemas.WorkspaceMember, row) for row in page.data]
    return answer.json({"data": rows, "total_count": page.total_count})


def _add(context: Context, request: Request) -> Answer:
    body = request.read(UserIds)
    added = workspace_members.add(
        context.accounts,
        acting.actor(request),
        request.params["id"],
        body,
        clock=context.clock,
        entropy=context.entropy,
    )
    return answer.json({"data": [fill(schemas.WorkspaceMember, row) for row in added], "added_count": len(added)})


def _remove(context: Context, request: Request) -> Answer:
    body = request.read(UserIds)
    count = workspace_members.remove(
        context.accounts, acting.actor(request), request.params["id"], body, clock=context.clock
    )
    return answer.json(schemas.RemovedWorkspaceMembers(count))


def _create(context: Context, request: Request) -> Answer:
    body = request.read(MemberCreate)
    made = members.add(context.accounts, acting.actor(request), body, clock=context.clock, entropy=context.entropy)
    return answer.json({"data": fill(schemas_organization.OrganizationMember, made)}, status=201)


def _update(context: Context, request: Request) -> Answer:
    body = request.read(MemberPatch)
    changed = members.update(context.accounts, acting.actor(request), request.params["id"], body, clock=context.clock)
    return answer.json({"data": fill(schemas_organization.OrganizationMember, changed)})


def _delete(context: Context, request: Request) -> Answer:
    disable = bool(DELETE.read(request).get("disable_keys"))
    members.remove(
        context.accounts, acting.actor(request), request.params["id"], clock=context.clock, disable_keys=disable
    )
    return answer.json(Deleted())


LIST = _managed(
    id="listWorkspaceMembers",
    path=_OF_WORKSPACE,
    summary="List the members of a workspace",
    description="Every member of the organisation belongs to its default workspace.",
    parameters=parameters.PAGING,
    answers=schemas.ListWorkspaceMembersResponse,
    errors=(400, 401, 403, 404),
    handler=_list,
)
DELETE = _ours(
    id="removeMember",
    method="DELETE",
    path=f"{_OWN}/{{id}}",
    summary="Remove a member from the organisation",
    description="Refused while keys that they made are active, unless these are to be disabled.",
    parameters=(parameters.flag("disable_keys", "Disable the active keys of the member."),),
    answers=Deleted,
    errors=(400, 401, 403, 404),
    handler=_delete,
)
OPERATIONS = (
    LIST,
    _managed(
        id="bulkAddWorkspaceMembers",
        method="POST",
        path=f"{_OF_WORKSPACE}/add",
        summary="Add members to a workspace",
        description="They take the role that they have in the organisation. All or none.",
        body=UserIds,
        answers=schemas.AddedWorkspaceMembers,
        errors=(400, 401, 403, 404),
        handler=_add,
    ),
    _managed(
        id="bulkRemoveWorkspaceMembers",
        method="POST",
        path=f"{_OF_WORKSPACE}/remove",
        summary="Remove members from a workspace",
        description="All or none; refused for members with active keys in the workspace.",
        body=UserIds,
        answers=schemas.RemovedWorkspaceMembers,
        errors=(400, 401, 403, 404),
        handler=_remove,
    ),
    _ours(
        id="addMember",
        method="POST",
        path=_OWN,
        summary="Add a member to the organisation",
        body=MemberCreate,
        answers=schemas_organization.OrganizationMemberResponse,
        status=201,
        errors=(400, 401, 403, 404, 409),
        handler=_create,
    ),
    _ours(
        id="updateMember",
        method="PATCH",
        path=f"{_OWN}/{{id}}",
        summary="Change a member",
        description="What is absent stays, null clears.",
        body=MemberPatch,
        answers=schemas_organization.OrganizationMemberResponse,
        errors=(400, 401, 403, 404, 409),
        handler=_update,
    ),
    DELETE,
)
