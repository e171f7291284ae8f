"""`/credits`."""

from __future__ import annotations

from trunkline.server.http import acting, answer, schemas_traffic
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases import credits as usecase


def _get(context: Context, request: Request) -> Answer:
    found = usecase.credits_of(context.traffic(), acting.account(request).id, context.credits_usd)
    return answer.json({"data": fill(schemas_traffic.Credits, found)})


OPERATIONS = (
    acting.managed(
        id="getCredits",
        path=f"{API}/credits",
        tag="Credits",
        summary="Get what the account may spend and has spent",
        answers=schemas_traffic.CreditsResponse,
        errors=(401, 403, 404),
        handler=_get,
    ),
)
