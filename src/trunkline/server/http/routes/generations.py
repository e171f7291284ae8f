"""`/generation`, and our own lists of generations and of what they add up to."""

from __future__ import annotations

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.http import acting, answer, parameters, schemas_contents, schemas_traffic
from trunkline.server.http.access import Access
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, OWN_API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import traffic as view
from trunkline.server.usecases import contents, records
from trunkline.server.usecases.gateway_ports import Dimension

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


def _content(context: Context, request: Request) -> Answer:
    kept = None if context.gateway is None else context.gateway.contents
    return answer.json({"data": contents.content(kept, acting.caller(request), CONTENT.read(request)["id"])})


CONTENT = Operation(
    id="listGenerationContent",
    path=f"{API}/generation/content",
    tag="Generations",
    summary="Get what a generation said and was answered",
    description="Kept only for workspaces with `is_observability_io_logging_enabled`, and for `content_days`.",
    parameters=(_ID,),
    access=Access.KEY,
    blocking=True,
    answers=schemas_contents.GenerationContentResponse,
    errors=(400, 401, 403, 404),
    handler=_content,
)


def _list(context: Context, request: Request) -> Answer:
    account_id, values = acting.account(request).id, LIST.read(request)
    limit = values.pop("limit", parameters.PAGE)
    found, following = records.generations(context.traffic(), account_id, limit, **values)
    return answer.json({"data": [view.generation(*one) for one in found], "next": following})


def _usage(context: Context, request: Request) -> Answer:
    account_id, values = acting.account(request).id, USAGE.read(request)
    by = Dimension(values.pop("by", Dimension.MODEL))
    found = records.consumption(context.traffic(), account_id, context.clock(), by, **values)
    return answer.json({"data": [view.consumption(row) for row in found]})


_KEY = Parameter("api_key_hash", parsers.text, {"type": "string"}, "Only the key with this hash.")
_MODEL = Parameter("model", parsers.text, {"type": "string", "examples": ["openai/gpt-4"]}, "Only this model.")
LIST = acting.managed(
    id="listGenerations",
    path=f"{OWN_API}/generations",
    tag="Generations",
    summary="List what was called, newest first",
    description="A page takes as long as the first one, however many are before it.",
    parameters=(
        parameters.LIMIT,
        Parameter("after", parsers.text, {"type": "string"}, "`next` of the page before."),
        _KEY,
        _MODEL,
    ),
    answers=schemas_traffic.GenerationsResponse,
    errors=(400, 401, 403, 404),
    handler=_list,
)
USAGE = acting.managed(
    id="listUsage",
    path=f"{OWN_API}/usage",
    tag="Analytics",
    summary="List what was used by day and model, provider, key, app, workspace or user",
    description="Today included; 30 UTC days unless said otherwise, 366 at most.",
    parameters=(
        Parameter(
            "by",
            parsers.one_of(tuple(Dimension)),
            {"type": "string", "enum": [word.value for word in Dimension], "default": Dimension.MODEL.value},
            "What each day is split by.",
        ),
        parameters.day("start_date", "The first day."),
        parameters.day("end_date", "The last day; today when absent."),
        _KEY,
        _MODEL,
    ),
    answers=schemas_traffic.ConsumptionResponse,
    errors=(400, 401, 403, 404),
    handler=_usage,
)
OPERATIONS = (GET, CONTENT, LIST, USAGE)
