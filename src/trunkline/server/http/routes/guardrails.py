"""`/guardrails`."""

from __future__ import annotations

from functools import partial

from trunkline.server.http import acting, answer, parameters
from trunkline.server.http import schemas_guardrails as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.schemas_keys import Deleted
from trunkline.server.http.views import guardrails as view
from trunkline.server.usecases import guardrails
from trunkline.server.usecases.guardrail_bodies import GuardrailCreate, GuardrailPatch

_ONE = f"{API}/guardrails/{{id}}"
_managed = partial(acting.managed, tag="Guardrails")


def _list(context: Context, request: Request) -> Answer:
    values = LIST.read(request)
    place = values.get("workspace_id")
    page = guardrails.list_guardrails(
        context.accounts,
        acting.account(request).id,
        acting.paging(values),
        workspace_id=None if place is None else str(place),
    )
    return answer.json({"data": [view.guardrail(row) for row in page.data], "total_count": page.total_count})


def _create(context: Context, request: Request) -> Answer:
    body, actor = request.read(GuardrailCreate), acting.actor(request)
    made = guardrails.create(
        context.accounts,
        actor,
        body,
        clock=context.clock,
        entropy=context.entropy,
        catalogued=acting.items(context, actor.account_id),
    )
    return answer.json({"data": view.guardrail(made)}, status=201)


def _get(context: Context, request: Request) -> Answer:
    found = guardrails.get(context.accounts, acting.account(request).id, request.params["id"])
    return answer.json({"data": view.guardrail(found)})


def _update(context: Context, request: Request) -> Answer:
    body, actor = request.read(GuardrailPatch), acting.actor(request)
    changed = guardrails.update(
        context.accounts,
        actor,
        request.params["id"],
        body,
        clock=context.clock,
        catalogued=acting.items(context, actor.account_id),
    )
    return answer.json({"data": view.guardrail(changed)})


def _delete(context: Context, request: Request) -> Answer:
    guardrails.delete(context.accounts, acting.actor(request), request.params["id"], clock=context.clock)
    return answer.json(Deleted())


LIST = _managed(
    id="listGuardrails",
    path=f"{API}/guardrails",
    summary="List guardrails",
    parameters=(*parameters.PAGING, parameters.WORKSPACE),
    answers=schemas.ListGuardrailsResponse,
    errors=(400, 401, 403),
    handler=_list,
)
CREATE = _managed(
    id="createGuardrail",
    method="POST",
    path=f"{API}/guardrails",
    summary="Make a guardrail",
    description="It governs nothing until it is assigned to a key or a member. Models are named by id, canonical slug "
    "or alias, and kept by canonical slug.",
    body=GuardrailCreate,
    answers=schemas.GuardrailResponse,
    status=201,
    errors=(400, 401, 403),
    handler=_create,
)
GET = _managed(
    id="getGuardrail",
    path=_ONE,
    summary="Get a guardrail",
    answers=schemas.GuardrailResponse,
    errors=(401, 403, 404),
    handler=_get,
)
UPDATE = _managed(
    id="updateGuardrail",
    method="PATCH",
    path=_ONE,
    summary="Change a guardrail",
    description="What is absent stays, null removes, a list replaces the whole list. A workspace's default guardrail "
    "is made by its first change and governs every key of the workspace.",
    body=GuardrailPatch,
    answers=schemas.GuardrailResponse,
    errors=(400, 401, 403, 404, 409),
    handler=_update,
)
DELETE = _managed(
    id="deleteGuardrail",
    method="DELETE",
    path=_ONE,
    summary="Delete a guardrail with its assignments",
    answers=Deleted,
    errors=(401, 403, 404),
    handler=_delete,
)
OPERATIONS = (LIST, CREATE, GET, UPDATE, DELETE)
