"""Service tiers: which flex and priority endpoints a request may use beside the ordinary ones (spec gateway 3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.pools import Pool
from trunkline.server.domain.routing.preferences import Preferences
from trunkline.server.domain.routing.targets import Target, by_price

PRIORITY: Final = "priority"
FLEX: Final = "flex"
ULTRAFAST: Final = "ultrafast"
_REQUESTED: Final = {"priority": (PRIORITY,), "fast": (PRIORITY,), "ultrafast": (ULTRAFAST, PRIORITY)}
_BY_SUFFIX: Final = {"nitro": PRIORITY, "floor": FLEX}


_REPORTED: Final[Mapping[str, str | None]] = {
    "default": None, "standard": None, "flex": FLEX, "priority": PRIORITY, "fast": PRIORITY, "ultrafast": ULTRAFAST,
}  # fmt: skip
"""What upstreams say that they served, as the tier of an endpoint."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Which tier endpoints join: whole tiers, and single tags. `flex`: only flex ones, where the model has any."""

    tiers: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    flex: bool = False

    def admits(self, target: Target) -> bool:
        """Tell whether a tier endpoint may be used."""
        return target.tier in self.tiers or (target.tag in self.tags and target.tag != target.provider)


NONE: Final = Admission()
_FLEX: Final = Admission(flex=True)


def requested(needs: Needs) -> tuple[str, ...]:
    """Return the faster tiers that a request asks for by name, the first tried first."""
    return _REQUESTED.get(needs.service_tier or "", (PRIORITY,) if needs.fast else ())


def admission(needs: Needs, preferences: Preferences, dynamic: frozenset[str]) -> Admission:
    """Return what a request admits for a model that was asked for with these dynamic suffixes."""
    if needs.service_tier == FLEX:
        return _FLEX
    tiers = set(requested(needs))
    if not preferences.order and needs.service_tier != "default":
        tiers.update(_BY_SUFFIX[suffix] for suffix in dynamic if suffix in _BY_SUFFIX)
    if not tiers and not preferences.order and not preferences.only:
        return NONE
    return Admission(frozenset(tiers), frozenset((*preferences.only, *preferences.order)))


def admitted(pool: Pool, by: Admission) -> tuple[Target, ...]:
    """Return the endpoints of a pool that a request may use, cheapest first where size plays no part."""
    if by.flex and pool.flex:
        return tuple(target for target in pool.tiers if target.tier == FLEX)
    if by is NONE or not pool.tiers:
        return pool.targets
    chosen = [target for target in pool.tiers if by.admits(target)]
    return tuple(sorted((*pool.targets, *chosen), key=by_price)) if chosen else pool.targets


def billed(chosen: Target, offered: Iterable[Target], reported: str | None) -> Target:
    """Return the endpoint whose prices count: that of the tier that the upstream says it has served (spec 3.6).

    `offered` are the model's endpoints; without one of that provider and tier it is the chosen one.
    """
    if reported is None or reported not in _REPORTED or _REPORTED[reported] == chosen.tier:
        return chosen
    tier = _REPORTED[reported]
    served = (one for one in offered if one.priced and (one.provider, one.tier) == (chosen.provider, tier))
    return next(served, chosen)
