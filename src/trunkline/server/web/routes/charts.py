"""`/charts`: two figures of every listed model against each other."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trunkline.server.domain.catalog import parsers
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import points as usecase
from trunkline.server.web import formats, listing, scatter
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.visit import Visit

TITLES: Final = {
    "intelligence": "Intelligence for the price",
    "speed": "Speed for the price",
    "context": "Price of context",
}
SAID: Final = {
    "price": lambda value: formats.usd(Decimal(f"{value:.12g}")),
    "context": formats.tokens,
    "intelligence": lambda value: formats.number(value, 1),
    "speed": lambda value: formats.number(value, 1),
}


def _chart(visit: Visit) -> Answer:
    name = dict(visit.pairs).get("chart", "intelligence")
    try:
        parsers.one_of(tuple(TITLES))(name)
    except parsers.Refused as refusal:
        raise BadRequest(issues=[Issue("chart", f"expected {refusal}")]) from None
    asked, now = listing.read(visit), visit.context.clock()
    figures = tuple(usecase.FIGURES[axis] for axis in usecase.PAIRS[name])
    closed = visit.who is None and any(figure.measured for figure in figures)
    found, known, lacking = (
        ([], 0, 0)
        if closed
        else usecase.points(asked.catalogue, asked.values, name, now, visit.request.region, asked.allowed)
    )
    best = usecase.frontier(found, name)
    say = tuple(SAID[axis] for axis in usecase.PAIRS[name])
    return visit.render(
        "charts.html",
        block="results",
        **asked.form(visit),
        chart=name,
        titles=TITLES,
        figures=figures,
        say=say,
        closed=closed,
        found=sorted(found, key=lambda point: float(point.x)),
        best={point.id for point in best},
        known=known,
        lacking=lacking,
        picture=scatter.draw(found, best, (figures[0], figures[1]), (say[0], say[1])) if found else None,
        size=scatter,
    )


PAGES = (Page("/charts", _chart, entry=Entry.ANYBODY, menu="Charts"),)
