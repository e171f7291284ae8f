"""In which order endpoints are tried: load balancing by price, sorts, lists, tiers, quality (spec gateway 3.4, 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from trunkline.server.domain.routing import exacto, health, tiers
from trunkline.server.domain.routing.exacto import Quality
from trunkline.server.domain.routing.health import Health
from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.preferences import Preferences
from trunkline.server.domain.routing.statistics import UNKNOWN, EndpointStatistics, Statistics
from trunkline.server.domain.routing.targets import Model, Target, by_price

Chance = Callable[[], float]
"""Returns a number of [0, 1), each as likely as the other."""


class Mode(StrEnum):
    """How a list of endpoints is put in order."""

    LISTED = "order"
    PRICE = "price"
    THROUGHPUT = "throughput"
    LATENCY = "latency"
    EXACTO = "exacto"
    AUTO_EXACTO = "auto-exacto"
    TIER = "service_tier"
    BALANCED = "balanced"


_BY_SUFFIX: Final = {"nitro": Mode.THROUGHPUT, "floor": Mode.PRICE, "exacto": Mode.EXACTO}
_SORTS: Final = frozenset({Mode.PRICE, Mode.THROUGHPUT, Mode.LATENCY, Mode.EXACTO})


class Setting(Struct, frozen=True):
    """What orders depend on beside the endpoints: `now` in Unix seconds, `default_sort` of the workspace."""

    needs: Needs
    preferences: Preferences
    statistics: Statistics
    now: float
    chance: Chance
    default_sort: str | None = None


def mode(setting: Setting, dynamic: frozenset[str], *, flex: bool) -> Mode:
    """Return the mode that holds, the first that applies (3.4). `flex`: the list is of flex endpoints."""
    wishes, needs = setting.preferences, setting.needs
    asked = (
        Mode.LISTED if wishes.order else None,
        Mode(wishes.sort) if wishes.sort else None,
        Mode.TIER if tiers.requested(needs) else None,
        Mode.PRICE if flex else None,
        next((chosen for suffix, chosen in _BY_SUFFIX.items() if suffix in dynamic), None),
        Mode(setting.default_sort) if setting.default_sort in _SORTS else None,
        Mode.AUTO_EXACTO if needs.tools else None,
    )
    return next((chosen for chosen in asked if chosen is not None), Mode.BALANCED)


def ranked(targets: Sequence[Target], models: Sequence[Model], by: Mode, setting: Setting) -> list[Target]:
    """Return endpoints of some models, which stand cheapest first, in the order in which they are to be tried."""
    if len(targets) < 2 and by is not Mode.LISTED:
        return list(targets)
    return _ORDERS[by](targets, models, setting)


def balanced(targets: Sequence[Target], setting: Setting) -> list[Target]:
    """Return one stable endpoint, drawn with a chance of 1/p², and behind it the others by class and price.

    Where endpoints are free, one of those, each as likely as the other.
    """
    stable, rest = _by_health(targets, setting)
    if len(stable) > 1:
        first = _drawn([target.prices(setting.needs.prompt_tokens).weight for target in stable], setting.chance)
        stable.insert(0, stable.pop(first))
    return stable + rest


def _drawn(weights: Sequence[float], chance: Chance) -> int:
    free = [index for index, weight in enumerate(weights) if not weight]
    if free:
        return free[min(int(chance() * len(free)), len(free) - 1)]
    left = chance() * sum(weights)
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return index
    return len(weights) - 1


def _by_health(targets: Sequence[Target], setting: Setting) -> tuple[list[Target], list[Target]]:
    """Return the stable endpoints, and the others with those that are down last."""
    statistics, now = setting.statistics, setting.now
    stable: list[Target] = []
    shaky: list[Target] = []
    down: list[Target] = []
    for target in targets:
        seen = statistics.get(target.key)
        if seen is None:
            stable.append(target)
            continue
        well = health.classify(seen, now)
        (stable if well is Health.STABLE else shaky if well is Health.SHAKY else down).append(target)
    return stable, shaky + down


def _listed(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
    chosen: dict[str, Target] = {}
    for item in setting.preferences.order:
        chosen.update((target.key, target) for target in targets if target.key not in chosen and names(item, target))
    if not setting.preferences.allow_fallbacks:
        return list(chosen.values())
    stable, rest = _by_health([target for target in targets if target.key not in chosen], setting)
    return [*chosen.values(), *stable, *rest]


def names(item: str, target: Target) -> bool:
    """Tell whether an item of a request's list names an endpoint: its tag, or its provider outside of tiers."""
    if target.tag == item and (target.tier is None or target.tag != target.provider):
        return True
    return target.tier is None and target.provider == item


def _metric(read: Callable[[EndpointStatistics], float | None]) -> Callable[..., list[Target]]:
    def order(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
        def key(target: Target) -> tuple[bool, bool, float, Any]:
            seen = setting.statistics.get(target.key, UNKNOWN)
            value = read(seen)
            down = health.classify(seen, setting.now) is Health.DOWN
            return (down, value is None, value or 0.0, by_price(target, setting.needs.prompt_tokens))

        return sorted(targets, key=key)

    return order


def _throughput(seen: EndpointStatistics) -> float | None:
    return None if seen.throughput is None else -seen.throughput.p50


def _latency(seen: EndpointStatistics) -> float | None:
    return None if seen.latency is None else seen.latency.p50


_fastest = _metric(_throughput)
_quickest = _metric(_latency)
_cheapest = _metric(lambda seen: None)


def _tiered(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
    asked = tiers.requested(setting.needs)
    parts = [[target for target in targets if target.tier == tier] for tier in asked]
    parts.append([target for target in targets if target.tier not in asked])
    return [target for part in parts for target in _fastest(part, models, setting)]


def _qualities(models: Sequence[Model], setting: Setting) -> Callable[[Target], Quality]:
    judges = {model.id: exacto.judge(model, setting.statistics) for model in models}
    return lambda target: judges[target.model](target)


def _best(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
    quality = _qualities(models, setting)

    def key(target: Target) -> tuple[Any, ...]:
        seen = setting.statistics.get(target.key, UNKNOWN)
        down = health.classify(seen, setting.now) is Health.DOWN
        cheap = by_price(target, setting.needs.prompt_tokens)
        judged = quality(target)
        return (down, judged, -(exacto.speed(seen) or 0.0), -(exacto.tool_success(seen) or 0.0), cheap)

    if all(quality(target) is Quality.UNPROVEN for target in targets):
        return _cheapest(targets, models, setting)
    return sorted(targets, key=key)


def _best_or_balanced(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
    # Nothing was asked for, so an endpoint that fails at this moment waits as it does when prices decide.
    quality = _qualities(models, setting)
    if all(quality(target) is Quality.UNPROVEN for target in targets):
        return balanced(targets, setting)
    stable, rest = _by_health(_best(targets, models, setting), setting)
    return stable + rest


_ORDERS: Final[dict[Mode, Callable[[Sequence[Target], Sequence[Model], Setting], list[Target]]]] = {
    Mode.LISTED: _listed,
    Mode.PRICE: _cheapest,
    Mode.THROUGHPUT: _fastest,
    Mode.LATENCY: _quickest,
    Mode.EXACTO: _best,
    Mode.AUTO_EXACTO: _best_or_balanced,
    Mode.TIER: _tiered,
    Mode.BALANCED: lambda targets, models, setting: balanced(targets, setting),
}
