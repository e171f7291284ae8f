"""The smallest change of settings that lets one endpoint pass: worked out rule by rule, not guessed.

Every rule reads settings of its own, so the smallest change is the sum of the smallest for each rule
that fails; only the two rules about regions share one thing, the host, and are solved together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.domain.catalog.traits import Traits, permits
from trunkline.server.domain.policy.layers import (
    ALLOWS_SAFETY,
    ENFORCES_ZDR,
    HOST_WORDS,
    Layer,
    LayerName,
    Policy,
    ProviderItems,
)
from trunkline.server.domain.policy.predicate import HOST, RULES, SERVER, failing, matches, passes

HOSTS: Final = tuple(HOST_WORDS)
"""The regions of all hosts; None is the global one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One setting from one value to another; `layer` and `owner` as in `Failure`, None for no value."""

    layer: str
    owner: str | None
    setting: str
    before: Any
    after: Any


def smallest_change(
    endpoint: Endpoint, row: Row, policy: Policy, hosts: Iterable[str | None] = HOSTS
) -> tuple[Change, ...] | None:
    """Return the fewest changes of settings after which an endpoint of a row passes; `()` when it does.

    `hosts` are the regions of the hosts that the account may use. None where no setting helps: what is
    private to others, a paid endpoint that publishes prompts, a region in which it does not run.
    """
    if not permits(row.standing.private_to, policy.viewer):
        return None
    traits, slug = endpoint.traits, row.standing.permaslug
    changes: list[Change] = []
    rules = {rule.name for rule in failing(RULES, policy.effect, traits, slug)}
    for rule in RULES:
        if rule.name in rules and rule.name not in _ABOUT_HOSTS:
            needed = _REMEDIES[rule.name](policy, traits, slug)
            if needed is None:
                return None
            changes += needed
    if rules & _ABOUT_HOSTS:
        moved = _through_a_host(policy, traits, hosts)
        if moved is None:
            return None
        changes += moved
    found = tuple(changes)
    assert passes(endpoint, row, changed(policy, found)).passed, "the rules no longer read settings of their own"
    return found


def changed(policy: Policy, changes: Iterable[Change]) -> Policy:
    """Return the policy after some changes."""
    by_layer: dict[tuple[str, str | None], dict[str, Any]] = {}
    elsewhere: dict[str, Any] = {}
    for change in changes:
        if change.layer == HOST:
            elsewhere["region"] = change.after
        elif change.layer == SERVER:
            elsewhere["credentials"] = frozenset(change.after)
        else:
            by_layer.setdefault((change.layer, change.owner), {})[change.setting] = change.after
    layers = [
        Layer(layer.name, layer.owner, replace(layer.restrictions, **by_layer.get((layer.name, layer.owner), {})))
        for layer in policy.layers
    ]
    return policy.replaced(layers, **elsewhere)


Remedy = Callable[[Policy, Traits, str], list[Change] | None]


def _set(layer: Layer, setting: str, after: Any) -> Change:
    return Change(layer.name, layer.owner, setting, getattr(layer.restrictions, setting), after)


def _admit_model(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    return [
        _set(layer, "allowed_models", (*items, slug))
        for layer, items in _stating(policy, "allowed_models")
        if slug not in {item.lower() for item in items}
    ]


def _notice_model(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    changes = []
    for layer, items in _stating(policy, "ignored_models"):
        left = tuple(item for item in items if item.lower() != slug)
        if len(left) < len(items):
            changes.append(_set(layer, "ignored_models", left or None))
    return changes


def _admit_provider(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    changes = []
    for layer, items in _stating(policy, "allowed_providers"):
        if not matches(ProviderItems.of(layer, items), traits):
            longer = (*items, traits.tag)
            # A request cannot name a service tier that has no tag of its own; without a list it is free to.
            helps = matches(ProviderItems.of(layer, longer), traits)
            changes.append(_set(layer, "allowed_providers", longer if helps else None))
    return changes


def _notice_provider(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    changes = []
    for layer, items in _stating(policy, "ignored_providers"):
        left = tuple(item for item in items if not matches(ProviderItems.of(layer, (item,)), traits))
        if len(left) < len(items):
            changes.append(_set(layer, "ignored_providers", left or None))
    return changes


def _permit(setting: str, policy: Policy) -> list[Change]:
    changes = []
    for layer in policy.layers:
        stated = getattr(layer.restrictions, setting)
        if layer.name is LayerName.ACCOUNT and stated is not True:
            changes.append(_set(layer, setting, after=True))
        elif layer.name is not LayerName.ACCOUNT and stated is False:
            changes.append(_set(layer, setting, after=None))
    return changes


def _permit_training(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    return _permit("enable_free_model_training" if traits.free else "enable_paid_model_training", policy)


def _permit_publication(policy: Policy, traits: Traits, slug: str) -> list[Change] | None:
    return _permit("enable_free_model_publication", policy) if traits.free else None


def _relax_retention(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    setting = ENFORCES_ZDR[traits.group]
    unenforced = [_set(layer, setting, after=None) for layer, value in _stating(policy, setting) if value]
    if traits.zdr != "safety" or traits.group not in ALLOWS_SAFETY:
        return unenforced
    safety = ALLOWS_SAFETY[traits.group]
    safe = [_set(layer, safety, after=None) for layer, value in _stating(policy, safety) if value is False]
    return min(safe, unenforced, key=len)  # of equals the one that goes on asking for no retention


def _configure(policy: Policy, traits: Traits, slug: str) -> list[Change]:
    before = tuple(sorted(policy.credentials or ()))
    return [Change(SERVER, None, "credentials", before, (*before, traits.provider))]


def _through_a_host(policy: Policy, traits: Traits, hosts: Iterable[str | None]) -> list[Change] | None:
    ways = []
    for host in dict.fromkeys((policy.region, *hosts)):
        if host is not None and host not in traits.regions:
            continue
        word = HOST_WORDS.get(host)
        way = [] if host == policy.region else [Change(HOST, None, "region", policy.region, host)]
        way += [
            _set(layer, "allowed_data_regions", (*words, word))
            for layer, words in _stating(policy, "allowed_data_regions")
            if word not in words
        ]
        ways.append(way)
    return min(ways, key=len, default=None)


def _stating(policy: Policy, setting: str) -> list[tuple[Layer, Sequence[Any] | Any]]:
    values = [(layer, getattr(layer.restrictions, setting)) for layer in policy.layers]
    return [(layer, value) for layer, value in values if value is not None]


_ABOUT_HOSTS: Final = frozenset({"region", "data_region"})
_REMEDIES: Final[Mapping[str, Remedy]] = {
    "private": lambda policy, traits, slug: None,
    "allowed_models": _admit_model,
    "ignored_models": _notice_model,
    "allowed_providers": _admit_provider,
    "ignored_providers": _notice_provider,
    "training": _permit_training,
    "publication": _permit_publication,
    "zdr": _relax_retention,
    "credential": _configure,
}
