"""`/generation`."""

from __future__ import annotations

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.http import acting, answer, schemas_traffic
from trunkline.server.http.access import Access
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import traffic as view
from trunkline.server.usecases import records

_ID = Parameter(
    "id",
    parsers.text,
    {"type": "string", "minLength": 1, "examples": ["gen-1234567890"]},
    "Id of a generation: of the answer, or of the header `X-Generation-Id`.",
    required=True,
)


def _get(context: Context, request: Request) -> Answer:
    account_id = acting.caller(request).key.account_id
    found, app_id = records.generation(context.traffic(), account_id, GET.read(request)["id"])
    return answer.json({"data": view.generation(found, app_id)})


GET = Operation(
    id="getGeneration",
    path=f"{API}/generation",
    tag="Generations",
    summary="Get what a generation used and cost",
    description="For any key of the account that called; failed attempts are listed with the one that served.",
    parameters=(_ID,),
    access=Access.KEY,
    blocking=True,
    answers=schemas_traffic.GenerationResponse,
    errors=(400, 401, 404),
    handler=_get,
)
OPERATIONS = (GET,)
