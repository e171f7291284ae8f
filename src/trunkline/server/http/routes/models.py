"""`/models`, `/models/count` and `/model/{author}/{slug}`."""

from __future__ import annotations

from trunkline.server.domain.catalog import query
from trunkline.server.http import answer, schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import models as view
from trunkline.server.http.views import rss
from trunkline.server.usecases import models


def _list(context: Context, request: Request) -> Answer:
    values = LIST.read(request)
    page = models.list_models(context.snapshot(), values, context.clock(), request.region)
    lasting = not query.changes_with_time(values)
    if values.get("use_rss") == "true":
        chat_links = values.get("use_rss_chat_links") == "true"
        body = rss.feed(page, title=context.rss_title, site_url=context.site_url, chat_links=chat_links)
        return Answer(200, body, rss.CONTENT_TYPE, tagged=True, lasting=lasting)
    return Answer(200, view.list_body(page, request), tagged=True, lasting=lasting)


def _count(context: Context, request: Request) -> Answer:
    count = models.count_models(context.snapshot(), COUNT.read(request), context.clock(), request.region)
    return answer.json({"data": {"count": count}}, tagged=True, lasting=True)


def _get(context: Context, request: Request) -> Answer:
    row = models.get_model(context.snapshot(), f"{request.params['author']}/{request.params['slug']}")
    return Answer(200, b'{"data":%b}' % row.body, tagged=True, lasting=True)


LIST = Operation(
    id="getModels",
    path=f"{API}/models",
    tag="Models",
    summary="List models",
    description="All parameters narrow together. Without `offset` and `limit` the whole list is one page.",
    parameters=query.MODEL_LIST,
    answers=schemas.ModelsListResponse,
    errors=(400,),
    handler=_list,
)
COUNT = Operation(
    id="listModelsCount",
    path=f"{API}/models/count",
    tag="Models",
    summary="Count models",
    parameters=query.COUNT,
    answers=schemas.ModelsCountResponse,
    errors=(400,),
    handler=_count,
)
GET = Operation(
    id="getModel",
    path=f"{API}/model/{{author}}/{{slug}}",
    tag="Models",
    summary="Get one model",
    description="The slug may carry variants (`gpt-4:free`) and may be an alias or a canonical slug.",
    answers=schemas.ModelResponse,
    errors=(404,),
    handler=_get,
)
OPERATIONS = (LIST, COUNT, GET)
