"""`/`: what is here, and the ways in."""

from __future__ import annotations

from trunkline.server.http.answer import Answer
from trunkline.server.usecases import models, providers
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.rows import rows_of
from trunkline.server.web.visit import Visit

NEWEST = 6


def _home(visit: Visit) -> Answer:
    catalogue, now = visit.context.snapshot(), visit.context.clock()
    newest = models.list_models(catalogue, {"limit": NEWEST, "sort": "newest"}, now, visit.request.region)
    everything = models.list_models(catalogue, {"limit": 1, "output_modalities": ()}, now, visit.request.region)
    return visit.render(
        "home.html",
        newest=rows_of(catalogue, newest.rows, now, measured=visit.who is not None),
        models=everything.total,
        providers=len(providers.list_providers(catalogue)),
        revision=catalogue.revision,
    )


PAGES = (Page("/", _home, entry=Entry.ANYBODY),)
