"""`/models`, `/models/user`, `/models/count` and `/model/{author}/{slug}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.server.domain.catalog import query
from trunkline.server.domain.policy.admission import sees_filtered_catalogue
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.errors import Unauthorized
from trunkline.server.http import answer, schemas
from trunkline.server.http.access import Access
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import models as view
from trunkline.server.http.views import rss
from trunkline.server.usecases import models
from trunkline.server.usecases.models import ModelPage
from trunkline.server.usecases.policies import admitted, viewer


def _filtered(context: Context, request: Request) -> Policy | None:
    """Return the policy that narrows the public list, where the key's account wants that."""
    if request.caller is None or not sees_filtered_catalogue(request.caller):
        return None
    return admitted(request.caller, request.region, context.credentials)


def _page(context: Context, request: Request, policy: Policy | None, values: Mapping[str, Any]) -> ModelPage:
    if policy is None:
        return models.list_models(context.snapshot(), values, context.clock(), request.region)
    return models.list_user_models(context.snapshot(), policy, values, context.clock())


def _list(context: Context, request: Request) -> Answer:
    policy = _filtered(context, request)
    values = LIST.read(request)
    page = _page(context, request, policy, values)
    lasting = not query.changes_with_time(values)
    if values.get("use_rss") == "true":
        chat_links = values.get("use_rss_chat_links") == "true"
        body = rss.feed(page, title=context.rss_title, site_url=context.site_url, chat_links=chat_links)
        return Answer(200, body, rss.CONTENT_TYPE, tagged=True, lasting=lasting)
    return Answer(200, view.list_body(page, request), tagged=True, lasting=lasting)


def _is_feed(request: Request) -> bool:
    # A feed is written row by row: seconds for a list of 100,000.
    return b"use_rss" in request.query


def _list_user(context: Context, request: Request) -> Answer:
    if request.caller is None:
        raise Unauthorized
    policy = admitted(request.caller, request.region, context.credentials)
    values = USER.read(request)
    page = _page(context, request, policy, values)
    return Answer(200, view.list_body(page, request), tagged=True, lasting=not query.changes_with_time(values))


def _count(context: Context, request: Request) -> Answer:
    policy = _filtered(context, request)
    page = _page(context, request, policy, COUNT.read(request) | {"offset": 0, "limit": 1})
    return answer.json({"data": {"count": page.total}}, tagged=True, lasting=True)


def _get(context: Context, request: Request) -> Answer:
    slug = f"{request.params['author']}/{request.params['slug']}"
    row = models.get_model(context.snapshot(), slug, viewer(request.caller))
    return Answer(200, b'{"data":%b}' % row.body, tagged=True, lasting=True)


LIST = Operation(
    id="getModels",
    path=f"{API}/models",
    tag="Models",
    summary="List models",
    description="All parameters narrow together. Without `offset` and `limit` the whole list is one page. "
    "A key of an organisation that filters its catalogue gets the list of `/models/user`.",
    parameters=query.MODEL_LIST,
    answers=schemas.ModelsListResponse,
    errors=(400, 403),
    handler=_list,
    slow=_is_feed,
)
USER = Operation(
    id="listModelsUser",
    path=f"{API}/models/user",
    tag="Models",
    summary="List the models that a key may use",
    description="Those with an endpoint that the key's account, workspace, member and key guardrails let pass, "
    "with every filter and sort of `/models` on top; the endpoint that passes is the one that filters ask of.",
    parameters=query.USER_LIST,
    access=Access.KEY,
    answers=schemas.ModelsListResponse,
    errors=(400, 401, 403, 404),
    handler=_list_user,
)
COUNT = Operation(
    id="listModelsCount",
    path=f"{API}/models/count",
    tag="Models",
    summary="Count models",
    parameters=query.COUNT,
    answers=schemas.ModelsCountResponse,
    errors=(400, 403),
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
OPERATIONS = (LIST, USER, COUNT, GET)
