"""Our own operations that say why a key does not see a model, and what a guardrail would leave."""

from __future__ import annotations

from functools import partial

from trunkline.server.domain.catalog import parsers, vocabulary
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http import acting, answer
from trunkline.server.http import schemas_explain as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import OWN_API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.views import explanations as view
from trunkline.server.usecases import explanations
from trunkline.server.usecases.explanations import GuardrailPreview

_managed = partial(acting.managed, tag="Explanations")


def _explain(context: Context, request: Request) -> Answer:
    account_id, values = acting.account(request).id, EXPLAIN.read(request)
    missing = [Issue(name, "expected a value") for name in ("key_hash", "model") if name not in values]
    if missing:
        raise BadRequest(issues=missing)
    found = explanations.explain_model(
        context.accounts,
        context.snapshot(),
        account_id,
        values["key_hash"],
        values["model"],
        clock=context.clock,
        region=values.get("region", request.region),
        credentials=context.credentials,
    )
    return answer.json({"data": view.explained(found)})


def _preview(context: Context, request: Request) -> Answer:
    body, account_id = request.read(GuardrailPreview), acting.account(request).id
    found = explanations.preview_guardrail(
        context.accounts,
        context.snapshot(),
        account_id,
        body,
        catalogued=acting.items(context, account_id),
        clock=context.clock,
        records=context.records,
        credentials=context.credentials,
    )
    return answer.json({"data": [view.left(row) for row in found]})


EXPLAIN = _managed(
    id="explainModel",
    path=f"{OWN_API}/explain",
    summary="Explain why a key sees a model or does not",
    description="For every endpoint the rule, layer and setting that keep it out, and the smallest change that would "
    "admit it.",
    parameters=(
        Parameter("key_hash", parsers.text, {"type": "string"}, "Hash of the key. Required."),
        Parameter("model", parsers.text, {"type": "string", "examples": ["openai/gpt-4"]}, "The model. Required."),
        Parameter(
            "region",
            parsers.one_of(vocabulary.REGIONS),
            {"type": "string", "enum": list(vocabulary.REGIONS)},
            "Region of the host that the key would be used on; that of this request's host when absent.",
        ),
    ),
    answers=schemas.ModelExplanationResponse,
    errors=(400, 401, 403, 404, 503),
    handler=_explain,
)
PREVIEW = _managed(
    id="previewGuardrail",
    method="POST",
    path=f"{OWN_API}/guardrails/preview",
    summary="Tell what a guardrail that is not saved yet would leave to which keys",
    description="Also which keys would lose models that they called today or in the 30 days before.",
    body=GuardrailPreview,
    answers=schemas.GuardrailPreviewResponse,
    errors=(400, 401, 403, 404, 503),
    handler=_preview,
)
OPERATIONS = (EXPLAIN, PREVIEW)
