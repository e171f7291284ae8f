"""The one predicate: whether a policy lets an endpoint of a model pass, and which rule does not (spec 5.5).

Lists, refusals and explanations all come from `RULES`. A rule looks at the merged effect of all
layers; who is to blame is asked of the layers only when it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.catalog.snapshot import Row
from trunkline.server.domain.catalog.traits import Traits, Zdr, permits
from trunkline.server.domain.policy.layers import (
    ALLOWS_SAFETY,
    ENFORCES_ZDR,
    HOST_WORDS,
    Effect,
    Layer,
    Policy,
    ProviderItems,
    withholds,
)

CATALOGUE: Final = "catalogue"
HOST: Final = "host"
SERVER: Final = "server"
"""What fails a rule where no layer does: a fact of the endpoint, the host asked, this server's own set-up."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One setting that keeps an endpoint out: `layer` and the `owner` (account or guardrail id) that state it."""

    rule: str
    layer: str
    owner: str | None
    setting: str
    value: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an endpoint passes; `failure` is the deciding one, of the first rule that fails."""

    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        """Whether every rule holds."""
        return self.failure is None


PASSED: Final = Verdict()
Subject = tuple[Traits, str]
"""An endpoint's traits and the variant canonical slug of its model."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `holds` answers for merged layers, `blame` names every setting at fault when it does not.

    `about_model`: whether it looks at the model alone, and not at the endpoint.
    """

    name: str
    holds: Callable[[Effect, Traits, str], bool]
    blame: Callable[[Policy, Traits, str], Iterable[tuple[Layer | str, str, Any]]]
    about_model: bool = False


def _has_data_region(effect: Effect) -> bool:
    return effect.data_regions is None or HOST_WORDS.get(effect.region) in effect.data_regions


def _keeps_little(effect: Effect, traits: Traits) -> bool:
    if traits.group not in effect.zdr_groups or traits.zdr is Zdr.STRICT:
        return True
    return traits.zdr is Zdr.SAFETY and traits.group in effect.safety_groups


def _training(traits: Traits) -> str:
    return "enable_free_model_training" if traits.free else "enable_paid_model_training"


def matches(items: ProviderItems, traits: Traits) -> bool:
    """Tell whether one of some provider items names an endpoint."""
    return items.match(traits.provider, traits.tag, traits.tier)


def _stating(policy: Policy, setting: str, fails: Callable[[Layer, Any], bool]) -> Iterator[tuple[Layer, str, Any]]:
    for layer in policy.layers:
        value = getattr(layer.restrictions, setting)
        if value is not None and fails(layer, value):
            yield layer, setting, value


def _withholding(policy: Policy, setting: str) -> Iterator[tuple[Layer, str, Any]]:
    for layer in policy.layers:
        if withholds(layer, setting):
            yield layer, setting, getattr(layer.restrictions, setting)


def _blame_publication(policy: Policy, traits: Traits, _: str) -> Iterator[tuple[Layer | str, str, Any]]:
    if traits.free:
        yield from _withholding(policy, "enable_free_model_publication")
    else:
        yield CATALOGUE, "publishes", True


def _blame_zdr(policy: Policy, traits: Traits, _: str) -> Iterator[tuple[Layer | str, str, Any]]:
    yield from _stating(policy, ENFORCES_ZDR[traits.group], lambda layer, value: value)
    if traits.zdr is Zdr.SAFETY and traits.group in ALLOWS_SAFETY:
        yield from _stating(policy, ALLOWS_SAFETY[traits.group], lambda layer, value: value is False)


def _lists(items: Sequence[str], slug: str) -> bool:
    return any(item.lower() == slug for item in items)


RULES: Final = (
    Rule(
        "private",
        lambda effect, traits, slug: traits.permits(effect.viewer),
        lambda policy, traits, slug: [(CATALOGUE, "private_to", None)],
    ),
    Rule(
        "allowed_models",
        lambda effect, traits, slug: effect.allowed_models is None or slug in effect.allowed_models,
        lambda policy, traits, slug: _stating(policy, "allowed_models", lambda layer, value: not _lists(value, slug)),
        about_model=True,
    ),
    Rule(
        "ignored_models",
        lambda effect, traits, slug: slug not in effect.ignored_models,
        lambda policy, traits, slug: _stating(policy, "ignored_models", lambda layer, value: _lists(value, slug)),
        about_model=True,
    ),
    Rule(
        "allowed_providers",
        lambda effect, traits, slug: all(matches(items, traits) for items in effect.allowed_providers),
        lambda policy, traits, slug: _stating(
            policy, "allowed_providers", lambda layer, value: not matches(ProviderItems.of(layer, value), traits)
        ),
    ),
    Rule(
        "ignored_providers",
        lambda effect, traits, slug: not any(matches(items, traits) for items in effect.ignored_providers),
        lambda policy, traits, slug: _stating(
            policy, "ignored_providers", lambda layer, value: matches(ProviderItems.of(layer, value), traits)
        ),
    ),
    Rule(
        "training",
        lambda effect, traits, slug: not traits.trains or _training(traits) in effect.permissions,
        lambda policy, traits, slug: _withholding(policy, _training(traits)),
    ),
    Rule(
        "publication",
        lambda effect, traits, slug: (
            not traits.publishes or (traits.free and "enable_free_model_publication" in effect.permissions)
        ),
        _blame_publication,
    ),
    Rule("zdr", lambda effect, traits, slug: _keeps_little(effect, traits), _blame_zdr),
    Rule(
        "region",
        lambda effect, traits, slug: effect.region is None or effect.region in traits.regions,
        lambda policy, traits, slug: [(HOST, "region", policy.region)],
    ),
    Rule(
        "data_region",
        lambda effect, traits, slug: _has_data_region(effect),
        lambda policy, traits, slug: _stating(
            policy, "allowed_data_regions", lambda layer, value: HOST_WORDS.get(policy.region) not in value
        ),
    ),
    Rule(
        "credential",
        lambda effect, traits, slug: effect.credentials is None or traits.provider in effect.credentials,
        lambda policy, traits, slug: [(SERVER, "credentials", None)],
    ),
)
"""Every rule, in the order in which the deciding one is looked for."""
ABOUT_MODELS: Final = tuple(rule for rule in RULES if rule.about_model)
ABOUT_ENDPOINTS: Final = tuple(rule for rule in RULES if not rule.about_model)


def failing(rules: Iterable[Rule], effect: Effect, traits: Traits, slug: str) -> Iterator[Rule]:
    """Yield the rules that do not hold for an endpoint with these traits of a model with this permaslug."""
    return (rule for rule in rules if not rule.holds(effect, traits, slug))


def passes(endpoint: Endpoint, row: Row, policy: Policy) -> Verdict:
    """Judge an endpoint as an endpoint of a row; the row must have it among its own."""
    if not permits(row.standing.private_to, policy.viewer):
        return Verdict(Failure("private", CATALOGUE, None, "private_to", None))
    traits, slug = endpoint.traits, row.standing.permaslug
    rule = next(failing(RULES, policy.effect, traits, slug), None)
    return PASSED if rule is None else Verdict(next(_failures(rule, policy, traits, slug)))


def failures(endpoint: Endpoint, row: Row, policy: Policy) -> tuple[Failure, ...]:
    """Return every setting that keeps an endpoint of a row out, the deciding one first; none when it passes."""
    traits, slug = endpoint.traits, row.standing.permaslug
    found = tuple(
        failure
        for rule in failing(RULES, policy.effect, traits, slug)
        for failure in _failures(rule, policy, traits, slug)
    )
    hidden = not permits(row.standing.private_to, policy.viewer)
    if hidden and not any(failure.rule == "private" for failure in found):
        return (Failure("private", CATALOGUE, None, "private_to", None), *found)
    return found


def _failures(rule: Rule, policy: Policy, traits: Traits, slug: str) -> Iterator[Failure]:
    for source, setting, value in rule.blame(policy, traits, slug):
        if isinstance(source, Layer):
            yield Failure(rule.name, source.name, source.owner, setting, value)
        else:
            yield Failure(rule.name, source, None, setting, value)
