"""`/govern/providers`: who can be called and what switches others on, and how they have been doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trunkline.server.errors import NotFound
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import byok, providers, workspaces
from trunkline.server.usecases.bodies import Paging
from trunkline.server.web.health import Health, health
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

MOST = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """One provider: `on` with the server's own key, `own` the account's keys for it, `variables` what would do it.

    `speaks` tells whether this server knows how to call it at all, `endpoints` how many the catalogue has.
    """

    wire: Mapping[str, Any]
    on: bool
    own: int
    speaks: bool
    variables: tuple[str, ...]
    endpoints: int
    health: Health | None


def _list(visit: Visit) -> Answer:
    found = _standings(visit)
    found.sort(key=lambda one: (not one.on, not one.own, one.health is None, not one.speaks, one.wire["name"].lower()))
    return visit.render("providers.html", found=found, on=sum(one.on for one in found))


def _show(visit: Visit) -> Answer:
    slug = visit.params["slug"]
    found = next((one for one in _standings(visit) if one.wire["slug"] == slug), None)
    if found is None:
        raise NotFound("There is no such provider")
    return visit.render("provider.html", one=found)


def _standings(visit: Visit) -> list[Standing]:
    assert visit.who is not None
    context, account_id = visit.context, visit.who.account.id
    now, catalogue = context.clock(), context.snapshot()
    statistics = {} if context.gateway is None else context.gateway.learned.statistics(now)
    past = {one.slug: one for one in health(statistics, catalogue, frozenset((account_id,)), now)}
    counts = Counter(
        endpoint.traits.provider
        for row in catalogue.rows
        for endpoint in row.endpoints
        if endpoint.serves(row.id) and endpoint.traits.permits(frozenset((account_id,)))
    )
    own: dict[str, set[str]] = {}
    for place in workspaces.list_workspaces(context.accounts, account_id, Paging(0, MOST)).data:
        listed = byok.list_credentials(context.accounts, account_id, Paging(0, MOST), workspace_id=place.id)
        for credential in listed.data:
            if not credential.disabled:
                own.setdefault(credential.provider, set()).add(credential.id)
    return [
        Standing(
            wire=wire,
            on=wire["slug"] in (context.credentials or ()),
            own=len(own.get(wire["slug"], ())),
            speaks=wire["slug"] in context.reachable,
            variables=context.variables.get(wire["slug"], ()),
            endpoints=counts[wire["slug"]],
            health=past.get(wire["slug"]),
        )
        for wire in providers.list_providers(catalogue)
    ]


PAGES = (Page("/govern/providers", _list), Page("/govern/providers/{slug}", _show))
