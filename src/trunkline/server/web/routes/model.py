"""`/models/{author}/{slug}`: one model, its hosts side by side, its prices and how it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.domain.catalog.traits import Viewer, Zdr
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import chosen_key, endpoints, models, providers
from trunkline.server.usecases.chosen_key import Chosen
from trunkline.server.usecases.policies import viewer
from trunkline.server.web import prices
from trunkline.server.web.formats import path
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.prices import Price, Step
from trunkline.server.web.rows import rows_of
from trunkline.server.web.snippets import snippets
from trunkline.server.web.visit import Visit

VARIANTS = 40
"""Variants and aliases that a page names."""


@dataclass(frozen=True, slots=True)
class Host:
    """One endpoint as the page shows it: `wire` is the API's own object.

    `verdict` says why the chosen key may not call it: "" where it may, None where no key is chosen.
    """

    wire: Mapping[str, Any]
    prices: list[Price]
    steps: list[Step]
    trains: bool
    zdr: bool
    retention: str
    regions: tuple[str, ...]
    provider: Mapping[str, Any]
    verdict: str | None


def _show(visit: Visit) -> Answer:
    catalogue, now = visit.context.snapshot(), visit.context.clock()
    who = viewer(None if visit.who is None else visit.who.caller)
    row = models.get_model(catalogue, f"{visit.params['author']}/{visit.params['slug']}", who)
    if row.id != f"{visit.params['author']}/{visit.params['slug']}":
        return visit.redirect(f"/models/{path(row.id)}")
    model, chosen = row.decode(), _chosen(visit)
    stated = (row.origin or row).decode()["pricing"]  # without the window that holds right now
    (line,) = rows_of(catalogue, [row], now, measured=visit.who is not None)
    return visit.render(
        "model.html",
        model=model,
        line=line,
        hosts=_hosts(catalogue, row, who, chosen, now),
        keys=[] if visit.who is None else chosen_key.choices(visit.context.accounts, visit.who.account.id),
        chosen=chosen,
        aliases=_aliases(catalogue, row),
        variants=_variants(catalogue, row, who),
        prices=prices.lines(model["pricing"]),
        steps=prices.steps(stated, now),
        week=prices.week(stated),
        minute=int(now) // 60 % prices.MINUTES,
        snippets=snippets(row.id, line.outputs, visit.base_url),
    )


def _short(visit: Visit) -> Answer:
    """Lead from the address that feeds give to the page."""
    who = viewer(None if visit.who is None else visit.who.caller)
    row = models.get_model(visit.context.snapshot(), f"{visit.params['author']}/{visit.params['slug']}", who)
    return visit.redirect(f"/models/{path(row.id)}")


def _chosen(visit: Visit) -> Chosen | None:
    wanted = dict(visit.pairs).get("key")
    if visit.who is None or not wanted:
        return None
    context = visit.context
    return chosen_key.choose(
        context.accounts,
        visit.who.account.id,
        wanted,
        clock=context.clock,
        region=visit.request.region,
        credentials=context.credentials,
    )


def _hosts(catalogue: Snapshot, row: Row, who: Viewer | None, chosen: Chosen | None, now: float) -> list[Host]:
    wires = endpoints.list_endpoints(catalogue, row.id, who)["endpoints"]
    known = {provider["slug"]: provider for provider in providers.list_providers(catalogue)}
    verdicts = {} if chosen is None else chosen_key.verdicts(catalogue, chosen, row)
    return [
        Host(
            wire=wire,
            prices=prices.lines(wire["pricing"]),
            steps=prices.steps(wire["pricing"], now),
            trains=endpoint.traits.trains,
            zdr=endpoint.zdr,
            retention=_retention(endpoint),
            regions=tuple(sorted(endpoint.traits.regions)),
            provider=known.get(endpoint.provider, {}),
            verdict=None if chosen is None else verdicts.get(endpoint.key, ""),
        )
        for wire, endpoint in zip(wires, row.endpoints, strict=True)
    ]


def _retention(endpoint: Endpoint) -> str:
    if endpoint.zdr:
        return "keeps nothing"
    days = endpoint.data_policy.get("retention_days")
    if days:
        return f"keeps prompts for {days} days"
    if endpoint.traits.zdr is Zdr.SAFETY:
        return "keeps prompts for safety checks"
    return "keeps prompts" if endpoint.data_policy.get("retains") is True else "may keep prompts"


def _aliases(catalogue: Snapshot, row: Row) -> list[str]:
    model = row.decode()
    names = {model["canonical_slug"]} - {row.id}
    targets = {row.id, model["canonical_slug"]}
    for alias, target in catalogue.aliases.items():
        if target in targets:
            names.add(alias)
    return sorted(names)[:VARIANTS]


def _variants(catalogue: Snapshot, row: Row, who: Viewer | None) -> list[str]:
    base = row.id.partition(":")[0]
    names = [name for name in catalogue.positions if name.partition(":")[0] == base and name != row.id]
    return sorted(name for name in names if catalogue.find(name, who) is not None)[:VARIANTS]


PAGES = (
    Page("/models/{author}/{slug}", _show, entry=Entry.ANYBODY),
    Page("/{author}/{slug}", _short, entry=Entry.ANYBODY),
)
