"""`/govern/log`: every call, newest first, and one of them with its attempts, times and costs."""

from __future__ import annotations

from typing import Final

from trunkline.server.http.answer import Answer
from trunkline.server.usecases import chosen_key, naming, records
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

LOG: Final = "/govern/log"
SIZE: Final = 50


def _list(visit: Visit) -> Answer:
    assert visit.who is not None
    context, account_id, asked = visit.context, visit.who.account.id, dict(visit.pairs)
    found, following = records.generations(
        context.traffic(),
        account_id,
        SIZE,
        after=asked.get("after"),
        api_key_hash=asked.get("key"),
        model=asked.get("model"),
    )
    rows = [record for record, _ in found]
    return visit.render(
        "generations.html",
        block="result",
        rows=rows,
        following=following,
        asked=asked,
        key_names=naming.keys(context.accounts, account_id, {row.key_hash for row in rows}),
        keys=chosen_key.choices(context.accounts, account_id),
    )


def _show(visit: Visit) -> Answer:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    record, app = records.generation(context.traffic(), account_id, visit.params["id"])
    return visit.render(
        "generation.html",
        one=record,
        app=app,
        key_names=naming.keys(context.accounts, account_id, {record.key_hash}),
        places=naming.workspaces(context.accounts, account_id),
        members=naming.members(context.accounts, account_id),
    )


PAGES = (Page(LOG, _list), Page(f"{LOG}/{{id}}", _show))
