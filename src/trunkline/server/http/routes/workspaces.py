"""`/workspaces`."""

from __future__ import annotations

from functools import partial

from trunkline.server.http import acting, answer, parameters
from trunkline.server.http import schemas_workspaces as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.schemas_keys import Deleted
from trunkline.server.http.views import workspaces as view
from trunkline.server.usecases import workspaces
from trunkline.server.usecases.workspaces import CONFIRM_DEFAULT, WorkspaceCreate, WorkspacePatch

_ONE = f"{API}/workspaces/{{id}}"
_managed = partial(acting.managed, tag="Workspaces")


def _list(context: Context, request: Request) -> Answer:
    account_id = acting.account(request).id
    page = workspaces.list_workspaces(context.accounts, account_id, acting.paging(LIST.read(request)))
    return answer.json({"data": [view.workspace(row) for row in page.data], "total_count": page.total_count})


def _create(context: Context, request: Request) -> Answer:
    body = request.read(WorkspaceCreate)
    made = workspaces.create(
        context.accounts, acting.actor(request), body, clock=context.clock, entropy=context.entropy
    )
    return answer.json({"data": view.workspace(made)}, status=201)


def _get(context: Context, request: Request) -> Answer:
    found = workspaces.get(context.accounts, acting.account(request).id, request.params["id"])
    return answer.json({"data": view.workspace(found)})


def _update(context: Context, request: Request) -> Answer:
    body = request.read(WorkspacePatch)
    changed = workspaces.update(
        context.accounts, acting.actor(request), request.params["id"], body, clock=context.clock
    )
    return answer.json({"data": view.workspace(changed)})


def _delete(context: Context, request: Request) -> Answer:
    confirmed = bool(DELETE.read(request).get(CONFIRM_DEFAULT))
    workspaces.delete(
        context.accounts,
        acting.actor(request),
        request.params["id"],
        clock=context.clock,
        confirm_default=confirmed,
    )
    return answer.json(Deleted())


LIST = _managed(
    id="listWorkspaces",
    path=f"{API}/workspaces",
    summary="List workspaces",
    parameters=parameters.PAGING,
    answers=schemas.ListWorkspacesResponse,
    errors=(400, 401, 403),
    handler=_list,
)
CREATE = _managed(
    id="createWorkspace",
    method="POST",
    path=f"{API}/workspaces",
    summary="Make a workspace",
    body=WorkspaceCreate,
    answers=schemas.WorkspaceResponse,
    status=201,
    errors=(400, 401, 403),
    handler=_create,
)
GET = _managed(
    id="getWorkspace",
    path=_ONE,
    summary="Get a workspace, by id or slug",
    answers=schemas.WorkspaceResponse,
    errors=(401, 403, 404),
    handler=_get,
)
UPDATE = _managed(
    id="updateWorkspace",
    method="PATCH",
    path=_ONE,
    summary="Change a workspace",
    description="What is absent stays, null clears.",
    body=WorkspacePatch,
    answers=schemas.WorkspaceResponse,
    errors=(400, 401, 403, 404, 409),
    handler=_update,
)
DELETE = _managed(
    id="deleteWorkspace",
    method="DELETE",
    path=_ONE,
    summary="Delete a workspace with its members, budgets and guardrails",
    description="Refused while keys in it are active.",
    parameters=(parameters.flag(CONFIRM_DEFAULT, "Without it the default workspace is not deleted."),),
    answers=Deleted,
    errors=(400, 401, 403, 404),
    handler=_delete,
)
OPERATIONS = (LIST, CREATE, GET, UPDATE, DELETE)
