"""Service tiers: which flex and priority endpoints a request may use beside the ordinary ones (spec gateway 3.6)."""

from __future__ import annotations

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
