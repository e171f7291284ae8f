"""`/embeddings/models`."""

from __future__ import annotations

from trunkline.server.domain.catalog import query
from trunkline.server.http import schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context, Operation
from trunkline.server.http.request import Request
from trunkline.server.http.views import models as view
from trunkline.server.usecases import models


def _list(context: Context, request: Request) -> Answer:
    values = MODELS.read(request) | {"output_modalities": ("embeddings",)}
    page = models.list_models(context.snapshot(), values, context.clock(), request.region)
    return Answer(200, view.list_body(page, request), tagged=True, lasting=True)


MODELS = Operation(
    id="listEmbeddingsModels",
    path=f"{API}/embeddings/models",
    tag="Embeddings",
    summary="List embedding models",
    parameters=query.PAGING,
    answers=schemas.ModelsListResponse,
    errors=(400,),
    handler=_list,
)
OPERATIONS = (MODELS,)
