"""`/models/{author}/{slug}/endpoints` and `/endpoints/zdr`."""

from __future__ import annotations

from trunkline.server.http import answer, schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.usecases import endpoints
from trunkline.server.usecases.policies import viewer


def _list(context: Context, request: Request) -> Answer:
    slug = f"{request.params['author']}/{request.params['slug']}"
    found = endpoints.list_endpoints(context.snapshot(), slug, viewer(request.caller))
    return answer.json({"data": found}, tagged=True, lasting=True)


def _zdr(context: Context, request: Request) -> Answer:
    found = endpoints.list_zdr_endpoints(context.snapshot(), request.region, viewer(request.caller))
    return answer.json({"data": found}, tagged=True, lasting=True)


OPERATIONS = (
    Operation(
        id="listEndpoints",
        path=f"{API}/models/{{author}}/{{slug}}/endpoints",
        tag="Endpoints",
        summary="List the endpoints of one model",
        answers=schemas.ListEndpointsResponse,
        errors=(404,),
        handler=_list,
    ),
    Operation(
        id="listEndpointsZdr",
        path=f"{API}/endpoints/zdr",
        tag="Endpoints",
        summary="List the endpoints that retain no data",
        answers=schemas.EndpointsResponse,
        handler=_zdr,
    ),
)
