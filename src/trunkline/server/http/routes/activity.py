"""`/activity`."""

from __future__ import annotations

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.http import acting, answer, parameters, schemas_traffic
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.views import traffic as view
from trunkline.server.usecases import activity as usecase


def _list(context: Context, request: Request) -> Answer:
    account = acting.account(request)
    found = usecase.activity(context.traffic(), context.accounts, account, context.clock(), **LIST.read(request))
    return answer.json({"data": [view.activity(row) for row in found]})


LIST = acting.managed(
    id="getUserActivity",
    path=f"{API}/activity",
    tag="Analytics",
    summary="List what was used by day, model and endpoint",
    description="The last 30 completed UTC days, newest first.",
    parameters=(
        parameters.day("date", "Only this day, one of the last 30 completed ones."),
        Parameter(
            "api_key_hash",
            parsers.text,
            {"type": "string", "examples": ["b" * 64]},
            "Only the key with this hash.",
        ),
        Parameter("user_id", parsers.text, {"type": "string"}, "Only keys of this member of the organization."),
        parameters.WORKSPACE,
        Parameter(
            "group_by",
            parsers.one_of(("workspace",)),
            {"type": "string", "enum": ["workspace"]},
            "`workspace` splits rows by workspace and names it.",
        ),
    ),
    answers=schemas_traffic.ActivityResponse,
    errors=(400, 401, 403, 404),
    handler=_list,
)
OPERATIONS = (LIST,)
