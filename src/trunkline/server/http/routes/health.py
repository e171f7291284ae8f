"""`/healthz` (the process is alive) and `/readyz` (a catalogue is loaded)."""

from __future__ import annotations

from trunkline.server.http import answer, schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import Context, Operation
from trunkline.server.http.request import Request


def _alive(context: Context, request: Request) -> Answer:
    return answer.json({"status": "ok"})


def _ready(context: Context, request: Request) -> Answer:
    snapshot = context.snapshot()
    return answer.json(
        {
            "status": "ready",
            "revision": snapshot.revision,
            "models": int(snapshot.index.public.sum()),
            "catalogue_only": context.credentials is None,
        }
    )


OPERATIONS = (
    Operation(
        id="getHealth",
        path="/healthz",
        tag="Health",
        summary="Tell whether the process is alive",
        answers=schemas.Health,
        handler=_alive,
    ),
    Operation(
        id="getReadiness",
        path="/readyz",
        tag="Health",
        summary="Tell whether a catalogue is loaded",
        answers=schemas.Health,
        errors=(503,),
        handler=_ready,
    ),
)
