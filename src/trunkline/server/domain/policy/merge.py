"""What a request states of a guardrail, made what is kept: the old ZDR switch spread, whole budgets, items of the
catalogue (spec 1.7, 5.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.traits import Viewer
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.layers import ENFORCES_ZDR
from trunkline.server.errors import BadRequest, Issue

OLD_SWITCH = "enforce_zdr"
_SHOWN = 80


class _Refused(Exception):
    """An item that cannot be kept, with the reason."""


def spread_zdr(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's fields with its old `enforce_zdr` copied to every group that it leaves out.

    An explicit null of a group counts as stated; a null switch says nothing.
    """
    spread = {name: value for name, value in fields.items() if name != OLD_SWITCH}
    switch = fields.get(OLD_SWITCH)
    if switch is None:
        return spread
    return dict.fromkeys(ENFORCES_ZDR.values(), switch) | spread


def require_whole_budget(guardrail: Guardrail) -> None:
    """Check that a guardrail has a limit and its interval, or neither. Raises `BadRequest`."""
    if (guardrail.limit_usd is None) != (guardrail.reset_interval is None):
        missing = "limit_usd" if guardrail.limit_usd is None else "reset_interval"
        raise BadRequest(issues=[Issue(missing, "limit_usd and reset_interval are set and removed together")])


@dataclass(frozen=True, slots=True)
class Items:
    """The models and providers that lists may name: those of a snapshot that an account may know of."""

    snapshot: Snapshot
    viewer: Viewer

    def models(self, items: Sequence[str], path: str, *, routers: bool = False) -> tuple[str, ...]:
        """Return the variant canonical slugs that ids, canonical slugs and aliases lead to, without duplicates.

        Raises `BadRequest` with an issue for every item that leads to none, and for an empty list.
        `routers` accepts those too, as an account's own list of ignored models may name them (spec 5.13).
        """
        return _each(items, path, lambda item: self._model(item, routers=routers))

    def providers(self, items: Sequence[str], path: str) -> tuple[str, ...]:
        """Return provider items, `slug` or the tag of an endpoint, in lower case and without duplicates.

        Raises `BadRequest` with an issue for every unknown one, and for an empty list.
        """
        known = {str(row["slug"]).lower() for row in self.snapshot.providers}
        for traits in self.snapshot.index.offers.kinds:
            if traits.permits(self.viewer):
                known |= {traits.provider, traits.tag}
        return _each(items, path, lambda item: _known(item.strip().lower(), known, "provider or endpoint tag"))

    def _model(self, item: str, *, routers: bool) -> str:
        slug = item.strip()
        if "*" in slug:
            raise _Refused("is a pattern; name every model by itself")
        row = self.snapshot.find(slug, self.viewer)
        if row is None:
            seen = (row.id for row in self.snapshot.rows if row.seen_by(self.viewer) is not None)
            return _known(slug.lower(), seen, "model")
        if row.standing.latest:
            raise _Refused("names another model from time to time; name the model itself")
        if row.standing.router and not routers:
            raise _Refused("passes calls on to other models; name those")
        return row.standing.permaslug


def _each(items: Sequence[str], path: str, keep: Callable[[str], str]) -> tuple[str, ...]:
    if not items:
        raise BadRequest(issues=[Issue(path, "expected at least one item, or null for no list")])
    kept: dict[str, None] = {}
    issues: list[Issue] = []
    for number, item in enumerate(items):
        try:
            kept[keep(item)] = None
        except _Refused as refused:
            issues.append(Issue(f"{path}.{number}", f"{item[:_SHOWN]!r} {refused}"))
    if issues:
        raise BadRequest(issues=issues)
    return tuple(kept)


def _known(item: str, known: Iterable[str], what: str) -> str:
    names = set(known)
    if item in names:
        return item
    near = get_close_matches(item[:_SHOWN], sorted(names), 1)
    raise _Refused(f"is no {what} of this catalogue" + (f" (do you mean {near[0]}?)" if near else ""))
