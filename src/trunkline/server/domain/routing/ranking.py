"""In which order endpoints are tried: load balancing by price, sorts, lists, tiers, quality (spec gateway 3.4, 3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from trunkline.server.domain.routing import exacto, health, tiers
from trunkline.server.domain.routing.exacto import Judgement, Quality
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
    default = setting.default_sort
    return (
        (Mode.LISTED if wishes.order else None)
        or (Mode(wishes.sort) if wishes.sort else None)
        or (Mode.TIER if tiers.requested(needs) else None)
        or (Mode.PRICE if flex else None)
        or (_by_suffix(dynamic) if dynamic else None)
        or (Mode(default) if default in _SORTS else None)
        or (Mode.AUTO_EXACTO if needs.tools else Mode.BALANCED)
    )


def _by_suffix(dynamic: frozenset[str]) -> Mode | None:
    return next((chosen for suffix, chosen in _BY_SUFFIX.items() if suffix in dynamic), None)


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


def _by_health(
    targets: Sequence[Target], setting: Setting, apart: Health = Health.SHAKY
) -> tuple[list[Target], list[Target]]:
    """Return the endpoints of better health than `apart`, and the others, those that are down last; else in order."""
    statistics, now = setting.statistics, setting.now
    well: list[Target] = []
    rest: list[tuple[Health, Target]] = []
    for target in targets:
        seen = statistics.get(target.key)
        state = Health.STABLE if seen is None else health.classify(seen, now)
        if state < apart:
            well.append(target)
        else:
            rest.append((state, target))
    rest.sort(key=lambda pair: pair[0])
    return well, [target for _, target in rest]


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
        tokens, statistics = setting.needs.prompt_tokens, setting.statistics

        def key(target: Target) -> tuple[bool, float, Any]:
            value = read(statistics.get(target.key, UNKNOWN))
            return (value is None, value or 0.0, by_price(target, tokens))

        well, down = _by_health(sorted(targets, key=key), setting, apart=Health.DOWN)
        return well + down

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


def _judged(models: Sequence[Model], setting: Setting) -> dict[str, Judgement]:
    return {key: own for model in models for key, own in exacto.judged(model, setting.statistics).items()}


def _best(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
    judged = _judged(models, setting)
    if all(judged[target.key].quality is Quality.UNPROVEN for target in targets):
        return _cheapest(targets, models, setting)
    alive, down = _by_health(_by_judgement(targets, judged, setting), setting, apart=Health.DOWN)
    return alive + down


def _best_or_balanced(targets: Sequence[Target], models: Sequence[Model], setting: Setting) -> list[Target]:
    # Nothing was asked for, so an endpoint that fails at this moment waits as it does when prices decide.
    judged = _judged(models, setting)
    if all(judged[target.key].quality is Quality.UNPROVEN for target in targets):
        return balanced(targets, setting)
    stable, rest = _by_health(_by_judgement(targets, judged, setting), setting)
    return stable + rest


def _by_judgement(targets: Sequence[Target], judged: dict[str, Judgement], setting: Setting) -> list[Target]:
    tokens = setting.needs.prompt_tokens

    def key(target: Target) -> tuple[Any, ...]:
        own = judged[target.key]
        return (own.quality, -(own.speed or 0.0), -(own.tool_success or 0.0), by_price(target, tokens))

    return sorted(targets, key=key)


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
