"""A filtered list as every page about many models has it: what was asked, whose list it is, and the form for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.columns import Mask
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.key import Key
from trunkline.server.errors import NotFound
from trunkline.server.usecases import chosen_key, models, providers
from trunkline.server.usecases.chosen_key import Chosen
from trunkline.server.web import filter_form
from trunkline.server.web.visit import Visit

MINE: Final = "mine"


@dataclass(frozen=True, slots=True)
class Listing:
    """One reading of the query.

    `values` are what the API would read; `keys` those to choose among, `chosen` the one that is chosen, `only_mine`
    whether nothing but its list is shown; `allowed` is what may be listed, None for all that is public.
    """

    catalogue: Snapshot
    values: Mapping[str, Any]
    keys: list[Key]
    chosen: Chosen | None
    only_mine: bool
    listed: Mask | None
    allowed: Allowed | None

    def form(self, visit: Visit) -> dict[str, Any]:
        """Return what the templates of a list's form need (`listing_*.html`)."""
        return {
            "asked": self,
            "texts": dict(visit.pairs),
            "groups": self.groups(visit),
            "chips": self.chips(visit),
        }

    def groups(self, visit: Visit) -> list[filter_form.Group]:
        """Return the form's groups with counts of what each choice would leave."""
        found = models.count_choices(
            self.catalogue, self.values, visit.context.clock(), visit.request.region, self.allowed
        )
        names = self.provider_names()
        found["providers"] = {slug: count for slug, count in found["providers"].items() if slug in names}
        return filter_form.groups(visit.pairs, found, self.labels())

    def chips(self, visit: Visit) -> list[filter_form.Chip]:
        """Return what narrows the list."""
        return filter_form.chips(visit.path, visit.pairs, self.labels())

    def provider_names(self) -> dict[str, str]:
        """Return the names of providers by slug."""
        listed = providers.list_providers(self.catalogue)
        return {str(row["slug"]).lower(): str(row["name"]) for row in listed}

    def labels(self) -> dict[str, str]:
        """Return how choices are named, by filter and lower-case value."""
        return {f"providers {slug}": name for slug, name in self.provider_names().items()}

    def reasons(self, rows: Any) -> dict[str, str]:
        """Return why some rows are not the chosen key's, by id."""
        if self.chosen is None or self.listed is None or self.only_mine:
            return {}
        return chosen_key.reasons(self.catalogue, self.chosen, self.listed, rows)


def read(visit: Visit) -> Listing:
    """Read a page's query as the API would, and whose list is asked for. Raises `BadRequest` and `NotFound`."""
    context = visit.context
    catalogue = context.snapshot()
    values = query.read(visit.pairs, query.USER_LIST)
    asked = dict(visit.pairs)
    keys: list[Key] = []
    chosen, listed = None, None
    only_mine = asked.get("list") == MINE and visit.who is not None
    if visit.who is not None:
        account_id = visit.who.account.id
        keys = chosen_key.choices(context.accounts, account_id)
        wanted = asked.get("key") or (keys[0].hash if only_mine and keys else "")
        if wanted and not any(key.hash == wanted for key in keys):
            raise NotFound("There is no such key")
        if wanted:
            chosen = chosen_key.choose(
                context.accounts,
                account_id,
                wanted,
                clock=context.clock,
                region=visit.request.region,
                credentials=context.credentials,
            )
    allowed = None
    if chosen is not None:
        own = chosen_key.mine(catalogue, chosen)
        listed = own.rows
        allowed = own if only_mine else None
    return Listing(catalogue, values, keys, chosen, only_mine and chosen is not None, listed, allowed)
