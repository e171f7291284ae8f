"""One list out of the lists of all models: partitions, thresholds, what goes to the front, what is cut (spec 3.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum

from trunkline.server.domain.routing import health, models, ranking
from trunkline.server.domain.routing.byok import Own
from trunkline.server.domain.routing.candidates import Shortlist
from trunkline.server.domain.routing.models import Entry
from trunkline.server.domain.routing.preferences import Preferences
from trunkline.server.domain.routing.ranking import Setting
from trunkline.server.domain.routing.statistics import UNKNOWN, EndpointStatistics
from trunkline.server.domain.routing.targets import Target, by_price

Remembered = Callable[[str], str | None]
"""Returns the key of the endpoint that the conversation stays with for a model or router id, None where with none."""


class Fit(IntEnum):
    """How an endpoint stands to the thresholds, in the order in which they are tried."""

    MEETS = 0
    UNKNOWN = 1
    MISSES = 2


def combined(
    entries: Sequence[Entry],
    lists: Sequence[Shortlist],
    setting: Setting,
    remembered: Remembered | None,
    own: Own | None = None,
) -> list[Target]:
    """Return the targets of all models (in the order in which those are wanted) as they are to be tried.

    Without fallbacks the first one of each model is left, which is one that the caller has a credential for (`own`).
    """
    wishes = setting.preferences
    if wishes.partition == "none" and len(lists) > 1:
        order = _merged(entries, lists, setting)
    else:
        order = [
            target for entry, listed in zip(entries, lists, strict=True) for target in _own(entry, listed, setting)
        ]
    if wishes.throughput or wishes.latency:
        order.sort(key=lambda target: fit(setting.statistics.get(target.key, UNKNOWN), wishes))
    order = _forward(order, [target.key for target in order if target.private])
    if remembered is not None and not wishes.order:
        order = _forward(order, _kept(entries, setting, remembered))
    if not wishes.allow_fallbacks and not wishes.order:
        firsts: dict[str, Target] = {}
        for target in order if own is None else own.foremost(order, models.permaslugs(entries)):
            firsts.setdefault(target.model, target)
        return [firsts[model] for model in dict.fromkeys(target.model for target in order)]
    return order


def fit(seen: EndpointStatistics, wishes: Preferences) -> Fit:
    """Return how an endpoint stands to the thresholds, all of which must hold; a miss outweighs what is not known."""
    speed, delay = seen.throughput, seen.latency
    unknown = (wishes.throughput and speed is None) or (wishes.latency and delay is None)
    if speed is not None and any(getattr(speed, name) < bound for name, bound in wishes.throughput):
        return Fit.MISSES
    # Latency is asked for in seconds and measured in milliseconds.
    if delay is not None and any(getattr(delay, name) > bound * 1000 for name, bound in wishes.latency):
        return Fit.MISSES
    return Fit.UNKNOWN if unknown else Fit.MEETS


def _own(entry: Entry, listed: Shortlist, setting: Setting) -> list[Target]:
    targets: Sequence[Target] = listed.targets
    tokens = setting.needs.prompt_tokens
    if listed.pool.by_size:
        targets = sorted(targets, key=lambda target: by_price(target, tokens))
    by = ranking.mode(setting, entry.dynamic, flex=_is_flex(listed, setting))
    return ranking.ranked(targets, (listed.pool.model,), by, setting)


def _merged(entries: Sequence[Entry], lists: Sequence[Shortlist], setting: Setting) -> list[Target]:
    tokens = setting.needs.prompt_tokens
    targets = sorted((target for listed in lists for target in listed.targets), key=lambda t: by_price(t, tokens))
    flex = all(_is_flex(listed, setting) for listed in lists)
    by = ranking.mode(setting, entries[0].dynamic, flex=flex)
    return ranking.ranked(targets, [listed.pool.model for listed in lists], by, setting)


def _is_flex(listed: Shortlist, setting: Setting) -> bool:
    return setting.needs.service_tier == "flex" and listed.pool.flex


def _kept(entries: Iterable[Entry], setting: Setting, remembered: Remembered) -> list[str]:
    return [
        key
        for entry in entries
        if (key := remembered(entry.model.id)) is not None
        and not health.in_outage(setting.statistics.get(key, UNKNOWN), setting.now)
    ]


def _forward(order: list[Target], keys: Sequence[str]) -> list[Target]:
    """Move targets to the front of their models' places; which places a model has does not change."""
    if not keys:
        return order
    front = {key: number for number, key in enumerate(keys)}
    queues: dict[str, list[Target]] = {}
    for target in order:
        queues.setdefault(target.model, []).append(target)
    turns = {
        model: iter(sorted(queue, key=lambda target: front.get(target.key, len(front))))
        for model, queue in queues.items()
    }
    return [next(turns[target.model]) for target in order]
