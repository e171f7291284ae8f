"""`/govern/privacy`: what an account restricts for every one of its keys."""

from __future__ import annotations

from typing import Any, Final

from trunkline.server.http import acting
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import accounts
from trunkline.server.usecases.accounts import AccountPatch
from trunkline.server.web import restricting, typed
from trunkline.server.web.page import Page
from trunkline.server.web.typed import Typed
from trunkline.server.web.visit import Visit

PATH: Final = "/govern/privacy"
FIELDS: Final = ("name", *restricting.FIELDS)


def _show(visit: Visit, filled: Typed | None = None, status: int = 200) -> Answer:
    assert visit.who is not None
    account = accounts.get(visit.context.accounts, visit.who.account.id)
    begun = typed.begun(
        **restricting.begun(account.restrictions),
        name=account.name,
        is_filtered_model_catalog_enabled=account.is_filtered_model_catalog_enabled,
    )
    return visit.render(
        "privacy.html", status=status, account=True, stored=account, typed=filled or begun, rows=restricting
    )


def _change(visit: Visit) -> Answer:
    assert visit.who is not None
    context = visit.context
    try:
        values: dict[str, Any] = restricting.read(visit) | {
            "name": visit.field("name").strip(),
            "is_filtered_model_catalog_enabled": bool(visit.field("is_filtered_model_catalog_enabled")),
        }
        accounts.update(
            context.accounts,
            visit.actor,
            typed.body(values, AccountPatch),
            clock=context.clock,
            catalogued=acting.items(context, visit.who.account.id),
        )
    except typed.REFUSALS as error:
        return _show(visit, typed.refused(visit.form, error, FIELDS), error.status)
    return visit.redirect(PATH, done="saved")


PAGES = (Page(PATH, _show), Page(PATH, _change, method="POST"))
