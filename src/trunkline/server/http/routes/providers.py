"""`/providers`."""

from __future__ import annotations

from trunkline.server.http import answer, schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.usecases import providers


def _list(context: Context, request: Request) -> Answer:
    return answer.json({"data": providers.list_providers(context.snapshot())}, tagged=True, lasting=True)


OPERATIONS = (
    Operation(
        id="listProviders",
        path=f"{API}/providers",
        tag="Providers",
        summary="List providers",
        answers=schemas.ProvidersResponse,
        handler=_list,
    ),
)
