"""`/key` and `/keys`."""

from __future__ import annotations

from functools import partial

from trunkline.server.domain.catalog import query
from trunkline.server.http import answer, parameters, schemas_keys
from trunkline.server.http.access import Access
from trunkline.server.http.acting import account, actor, caller, managed
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import keys as view
from trunkline.server.usecases import current_key, keys

_TAG = "API Keys"
_managed = partial(managed, tag=_TAG)


def _list(context: Context, request: Request) -> Answer:
    values = LIST.read(request)
    found = keys.list_keys(context.accounts, account(request).id, clock=context.clock, **values)
    return answer.json({"data": [view.key_data(key) for key in found]})


def _create(context: Context, request: Request) -> Answer:
    body = request.read(keys.KeyCreate)
    made, text = keys.create(context.accounts, actor(request), body, clock=context.clock, entropy=context.entropy)
    return answer.json({"data": view.key_data(made), "key": text}, status=201)


def _get(context: Context, request: Request) -> Answer:
    found = keys.get(context.accounts, account(request).id, request.params["hash"], clock=context.clock)
    return answer.json({"data": view.key_data(found)})


def _update(context: Context, request: Request) -> Answer:
    body = request.read(keys.KeyPatch)
    changed = keys.update(context.accounts, actor(request), request.params["hash"], body, clock=context.clock)
    return answer.json({"data": view.key_data(changed)})


def _delete(context: Context, request: Request) -> Answer:
    keys.delete(context.accounts, actor(request), request.params["hash"], clock=context.clock)
    return answer.json(schemas_keys.Deleted())


def _current(context: Context, request: Request) -> Answer:
    found = current_key.current(context.accounts, caller(request), clock=context.clock)
    return answer.json({"data": view.current_key(found, caller(request))})


LIST = _managed(
    id="list",
    path=f"{API}/keys",
    summary="List keys",
    description="Up to 100 keys, newest first; those of the default workspace unless another is named.",
    parameters=(
        query.OFFSET,
        parameters.flag("include_disabled", "Also list disabled keys."),
        parameters.flag("include_expired", "Also list expired keys."),
        parameters.WORKSPACE,
    ),
    answers=schemas_keys.KeysResponse,
    errors=(400, 401, 403, 404),
    handler=_list,
)
CREATE = _managed(
    id="createKeys",
    method="POST",
    path=f"{API}/keys",
    summary="Make a key",
    description="The key is in this answer and nowhere else.",
    body=keys.KeyCreate,
    answers=schemas_keys.CreatedKeyResponse,
    status=201,
    errors=(400, 401, 403, 404),
    handler=_create,
)
GET = _managed(
    id="getKey",
    path=f"{API}/keys/{{hash}}",
    summary="Get a key",
    answers=schemas_keys.KeyResponse,
    errors=(401, 403, 404),
    handler=_get,
)
UPDATE = _managed(
    id="updateKeys",
    method="PATCH",
    path=f"{API}/keys/{{hash}}",
    summary="Change a key",
    description="What is absent stays, null clears. A key that moves to another workspace keeps its guardrail.",
    body=keys.KeyPatch,
    answers=schemas_keys.KeyResponse,
    errors=(400, 401, 403, 404, 409),
    handler=_update,
)
DELETE = _managed(
    id="deleteKeys",
    method="DELETE",
    path=f"{API}/keys/{{hash}}",
    summary="Delete a key",
    answers=schemas_keys.Deleted,
    errors=(401, 403, 404),
    handler=_delete,
)
CURRENT = Operation(
    id="getCurrentKey",
    path=f"{API}/key",
    tag=_TAG,
    summary="Get the key that asks",
    access=Access.KEY,
    blocking=True,
    answers=schemas_keys.CurrentKeyResponse,
    errors=(401,),
    handler=_current,
)
OPERATIONS = (CURRENT, LIST, CREATE, GET, UPDATE, DELETE)
