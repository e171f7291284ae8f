"""`/guardrails/assignments` and `/guardrails/{id}/assignments`."""

from __future__ import annotations

from functools import partial

from trunkline.server.http import acting, answer, parameters
from trunkline.server.http import schemas_assignments as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases import assignments
from trunkline.server.usecases.assignments import KeyHashes, MemberIds

_ALL = f"{API}/guardrails/assignments"
_ONE = f"{API}/guardrails/{{id}}/assignments"
_managed = partial(acting.managed, tag="Guardrails")


def _list_keys(context: Context, request: Request) -> Answer:
    account_id, guardrail_id = acting.account(request).id, request.params.get("id")
    page = assignments.list_keys(context.accounts, account_id, guardrail_id, acting.paging(LIST_KEYS.read(request)))
    rows = [fill(schemas.KeyAssignment, row, row.assignment) for row in page.data]
    return answer.json({"data": rows, "total_count": page.total_count})


def _list_members(context: Context, request: Request) -> Answer:
    account_id, guardrail_id = acting.account(request).id, request.params.get("id")
    page = assignments.list_members(
        context.accounts, account_id, guardrail_id, acting.paging(LIST_MEMBERS.read(request))
    )
    rows = [fill(schemas.MemberAssignment, row) for row in page.data]
    return answer.json({"data": rows, "total_count": page.total_count})


def _assign_keys(context: Context, request: Request) -> Answer:
    body = request.read(KeyHashes)
    count = assignments.assign_keys(
        context.accounts,
        acting.actor(request),
        request.params["id"],
        body,
        clock=context.clock,
        entropy=context.entropy,
    )
    return answer.json(schemas.Assigned(count))


def _assign_members(context: Context, request: Request) -> Answer:
    body = request.read(MemberIds)
    count = assignments.assign_members(
        context.accounts,
        acting.actor(request),
        request.params["id"],
        body,
        clock=context.clock,
        entropy=context.entropy,
    )
    return answer.json(schemas.Assigned(count))


def _unassign_keys(context: Context, request: Request) -> Answer:
    body = request.read(KeyHashes)
    count = assignments.unassign_keys(
        context.accounts, acting.actor(request), request.params["id"], body, clock=context.clock
    )
    return answer.json(schemas.Unassigned(count))


def _unassign_members(context: Context, request: Request) -> Answer:
    body = request.read(MemberIds)
    count = assignments.unassign_members(
        context.accounts, acting.actor(request), request.params["id"], body, clock=context.clock
    )
    return answer.json(schemas.Unassigned(count))


_list_of_keys = partial(
    _managed, parameters=parameters.PAGING, answers=schemas.ListKeyAssignmentsResponse, handler=_list_keys
)
_list_of_members = partial(
    _managed, parameters=parameters.PAGING, answers=schemas.ListMemberAssignmentsResponse, handler=_list_members
)
_change = partial(_managed, method="POST", errors=(400, 401, 403, 404))

LIST_KEYS = _list_of_keys(
    id="listKeyAssignments", path=f"{_ALL}/keys", summary="List assigned keys", errors=(400, 401, 403)
)
LIST_MEMBERS = _list_of_members(
    id="listMemberAssignments", path=f"{_ALL}/members", summary="List assigned members", errors=(400, 401, 403)
)
OPERATIONS = (
    LIST_KEYS,
    LIST_MEMBERS,
    _list_of_keys(
        id="listGuardrailKeyAssignments",
        path=f"{_ONE}/keys",
        summary="List the keys of a guardrail",
        errors=(400, 401, 403, 404),
    ),
    _change(
        id="bulkAssignKeysToGuardrail",
        path=f"{_ONE}/keys",
        summary="Assign keys to a guardrail",
        description="A key has one guardrail of its own at most: an earlier one is replaced. Hashes of no key of the "
        "account are passed over.",
        body=KeyHashes,
        answers=schemas.Assigned,
        handler=_assign_keys,
    ),
    _change(
        id="bulkUnassignKeysFromGuardrail",
        path=f"{_ONE}/keys/remove",
        summary="Take keys from a guardrail",
        body=KeyHashes,
        answers=schemas.Unassigned,
        handler=_unassign_keys,
    ),
    _list_of_members(
        id="listGuardrailMemberAssignments",
        path=f"{_ONE}/members",
        summary="List the members of a guardrail",
        errors=(400, 401, 403, 404),
    ),
    _change(
        id="bulkAssignMembersToGuardrail",
        path=f"{_ONE}/members",
        summary="Assign members to a guardrail",
        description="It governs all keys that they made, in every workspace.",
        body=MemberIds,
        answers=schemas.Assigned,
        handler=_assign_members,
    ),
    _change(
        id="bulkUnassignMembersFromGuardrail",
        path=f"{_ONE}/members/remove",
        summary="Take members from a guardrail",
        body=MemberIds,
        answers=schemas.Unassigned,
        handler=_unassign_members,
    ),
)
