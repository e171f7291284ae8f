"""`/byok`."""

from __future__ import annotations

from functools import partial

from trunkline.server.http import acting, answer, parameters
from trunkline.server.http import schemas_byok as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.schemas_keys import Deleted
from trunkline.server.http.views import byok as view
from trunkline.server.usecases import byok
from trunkline.server.usecases.byok import ByokCreate, ByokPatch

_ONE = f"{API}/byok/{{id}}"
_managed = partial(acting.managed, tag="BYOK")


def _list(context: Context, request: Request) -> Answer:
    values = LIST.read(request)
    place = values.get("workspace_id")
    page = byok.list_credentials(
        context.accounts,
        acting.account(request).id,
        acting.paging(values),
        workspace_id=None if place is None else str(place),
        provider=values.get("provider"),
    )
    return answer.json({"data": [view.credential(row) for row in page.data], "total_count": page.total_count})


def _create(context: Context, request: Request) -> Answer:
    body, actor = request.read(ByokCreate), acting.actor(request)
    made = byok.create(
        context.accounts,
        actor,
        body,
        clock=context.clock,
        entropy=context.entropy,
        vault=context.sealing(),
        catalogued=acting.items(context, actor.account_id),
        reachable=context.reachable,
    )
    return answer.json({"data": view.credential(made)}, status=201)


def _get(context: Context, request: Request) -> Answer:
    found = byok.get(context.accounts, acting.account(request).id, request.params["id"])
    return answer.json({"data": view.credential(found)})


def _update(context: Context, request: Request) -> Answer:
    body, actor = request.read(ByokPatch), acting.actor(request)
    changed = byok.update(
        context.accounts,
        actor,
        request.params["id"],
        body,
        clock=context.clock,
        vault=context.sealing(),
        catalogued=acting.items(context, actor.account_id),
    )
    return answer.json({"data": view.credential(changed)})


def _delete(context: Context, request: Request) -> Answer:
    byok.delete(context.accounts, acting.actor(request), request.params["id"], clock=context.clock)
    return answer.json(Deleted())


LIST = _managed(
    id="listBYOKKeys",
    path=f"{API}/byok",
    summary="List own keys at providers",
    description="Those that count in the default workspace unless another is named; the keys themselves are never "
    "shown.",
    parameters=(*parameters.PAGING, parameters.WORKSPACE, parameters.PROVIDER),
    answers=schemas.ListByokKeysResponse,
    errors=(400, 401, 403, 404),
    handler=_list,
)
CREATE = _managed(
    id="createBYOKKey",
    method="POST",
    path=f"{API}/byok",
    summary="Bring an own key at a provider",
    description="It is kept encrypted and never shown again. Calls of its workspace then go to that provider with it "
    "first, and with the operator's key after it.",
    body=ByokCreate,
    answers=schemas.ByokKeyResponse,
    status=201,
    errors=(400, 401, 403, 404),
    handler=_create,
)
GET = _managed(
    id="getBYOKKey",
    path=_ONE,
    summary="Get an own key at a provider",
    answers=schemas.ByokKeyResponse,
    errors=(401, 403, 404),
    handler=_get,
)
UPDATE = _managed(
    id="updateBYOKKey",
    method="PATCH",
    path=_ONE,
    summary="Change an own key at a provider",
    description="What is absent stays, null clears; `key` takes the place of the one before.",
    body=ByokPatch,
    answers=schemas.ByokKeyResponse,
    errors=(400, 401, 403, 404),
    handler=_update,
)
DELETE = _managed(
    id="deleteBYOKKey",
    method="DELETE",
    path=_ONE,
    summary="Delete an own key at a provider",
    answers=Deleted,
    errors=(401, 403, 404),
    handler=_delete,
)
OPERATIONS = (LIST, CREATE, GET, UPDATE, DELETE)
