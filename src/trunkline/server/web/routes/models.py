"""`/models`: the list that people search, filter and sort."""

from __future__ import annotations

from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import models
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.rows import rows_of
from trunkline.server.web.visit import Visit

ROWS = 50
"""Models of a page."""


def _list(visit: Visit) -> Answer:
    catalogue, now = visit.context.snapshot(), visit.context.clock()
    values = {"offset": 0, **query.read(visit.pairs, query.USER_LIST), "limit": ROWS}
    page = models.list_models(catalogue, values, now, visit.request.region)
    return visit.render(
        "models.html",
        block="results",
        values=values,
        sorts=SORTS,
        page=page,
        lines=rows_of(catalogue, page.rows, measured=visit.who is not None),
    )


PAGES = (Page("/models", _list, entry=Entry.ANYBODY, menu="Models"),)
