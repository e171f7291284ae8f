"""`/chat`: the playground, where up to three models answer the same message side by side."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.server.domain.catalog import query
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.errors import NotFound
from trunkline.server.http import answer
from trunkline.server.http.answer import Answer
from trunkline.server.http.inference import inferred
from trunkline.server.http.streaming import Stream
from trunkline.server.http.surfaces.chat import chat
from trunkline.server.usecases import chosen_key, models
from trunkline.server.usecases.chosen_key import Chosen
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

COLUMNS: Final = 3
FOUND: Final = 12
"""Models offered while one is typed."""
LARGEST: Final = 24 * 1024 * 1024
"""Bytes of a message with its images."""
TITLE: Final = b"Playground"
SORTS: Final = ("price", "throughput", "latency")


class Sent(Struct):
    """What the page's script sends: with which key (its hash), and the body of a chat completion."""

    key: str
    chat: msgspec.Raw


def _show(visit: Visit) -> Answer:
    assert visit.who is not None
    context, asked = visit.context, dict(visit.pairs)
    keys = chosen_key.choices(context.accounts, visit.who.account.id)
    wanted = asked.get("key", "")
    if wanted and not any(key.hash == wanted for key in keys):
        raise NotFound("There is no such key")
    named = [slug.strip() for name, value in visit.pairs if name in {"models", "model"} for slug in value.split(",")]
    return visit.render(
        "chat.html",
        keys=keys,
        chosen=wanted or (keys[0].hash if keys else ""),
        columns=list(dict.fromkeys(slug for slug in named if slug))[:COLUMNS] or [""],
        most=COLUMNS,
        sorts=SORTS,
        callable=context.gateway is not None,
    )


def _models(visit: Visit) -> Answer:
    chosen, catalogue, now = _chosen(visit), visit.context.snapshot(), visit.context.clock()
    text = dict(visit.pairs).get("q", "")
    asked = [("limit", str(FOUND)), ("output_modalities", "text"), *([("q", text)] if text else [])]
    values = {"offset": 0, **query.read(asked, query.USER_LIST)}
    own = chosen_key.mine(catalogue, chosen)
    page = models.list_allowed(catalogue, values, now, visit.request.region, own)
    found = [{"id": row.id, "name": row.decode()["name"]} for row in page.rows]
    return answer.json({"models": found, "total": page.total, "refused": chosen.refused})


def _chosen(visit: Visit) -> Chosen:
    assert visit.who is not None
    context = visit.context
    return chosen_key.choose(
        context.accounts,
        visit.who.account.id,
        dict(visit.pairs).get("key", ""),
        clock=context.clock,
        region=visit.request.region,
        credentials=context.credentials,
    )


async def _send(visit: Visit) -> Answer | Stream:
    """Answer as the API would, for one of the account's inference keys: its policy, its limits, its bill."""
    sent = visit.request.read(Sent)
    caller = await asyncio.to_thread(_caller, visit, sent.key)
    headers = {
        b"user-agent": visit.request.headers.get(b"user-agent", b""),
        b"http-referer": visit.base_url.removesuffix("/api/v1").encode(),
        b"x-openrouter-title": TITLE,
        b"x-openrouter-metadata": b"enabled",
    }
    request = replace(visit.request, caller=caller, body=bytes(sent.chat), headers=headers)
    return await inferred(visit.context, chat, request)


def _caller(visit: Visit, key_hash: str) -> Caller:
    assert visit.who is not None
    caller = visit.context.callers.of_key(key_hash)
    if caller is None or caller.key.account_id != visit.who.account.id or caller.key.is_management:
        raise NotFound("There is no such key, or it is disabled")
    return caller


PAGES = (
    Page("/chat", _show, menu="Playground"),
    Page("/chat/models", _models),
    Page("/chat", method="POST", stream=_send, body_limit=LARGEST),
)
