"""Candidate pools (spec gateway 3.2): which endpoints of a model a policy leaves, worked out once per policy.

Everything here depends on the snapshot and on policies only, and is remembered as long as the snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.catalog.pricing import Moment
from trunkline.server.domain.catalog.snapshot import Row, Snapshot
from trunkline.server.domain.catalog.traits import Viewer, permits
from trunkline.server.domain.policy import predicate
from trunkline.server.domain.policy.layers import ENFORCES_ZDR, Effect, Layer, LayerName, Policy
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.policy.visibility import visible
from trunkline.server.domain.routing import targets
from trunkline.server.domain.routing.preferences import Preferences
from trunkline.server.domain.routing.reasons import ORDER, Reason
from trunkline.server.domain.routing.targets import Model, Target

_KEPT: Final = 10_000
"""How many answers of each kind are remembered; more than that are forgotten all at once."""
LONGEST_SLUG: Final = 256
"""Characters of a slug that is remembered: callers may send any."""
_RULES: Final = {rule.name: rule for rule in predicate.RULES}
_IN_ORDER: Final = tuple(_RULES[reason] for reason in Reason if reason in _RULES)
_PRIVATE: Final = _RULES["private"]
_ALL_ZDR: Final = dict.fromkeys(ENFORCES_ZDR.values(), True)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Found:
    """What a slug leads to: a concrete model's row, or a router's, and how the slug asks for it.

    `through` is the `~author/family-latest` row that led here; `dynamic` are the suffixes that
    change the routing (spec catalogue 4.2). `alias`: it is another name of the model.
    """

    row: Row
    dynamic: frozenset[str]
    through: Row | None = None
    alias: bool = False

    def permits(self, viewer: Viewer) -> bool:
        """Tell whether somebody may know of it."""
        return all(row is None or permits(row.standing.private_to, viewer) for row in (self.row, self.through))


@dataclass(frozen=True, slots=True)
class Pool:
    """The endpoints of one model that a policy leaves, cheapest first, and why the others are not among them.

    `targets` are the ordinary ones and `tiers` those of service tiers. `by_size`: whether the order
    depends on the size of the prompt. `shortest` are the least window, prompt and completion of the
    all, 0 where every one is unbounded. `flex`: whether the model has flex endpoints at all.
    """

    model: Model
    targets: tuple[Target, ...]
    tiers: tuple[Target, ...]
    removed: Mapping[str, Reason]
    by_size: bool
    shortest: tuple[int, int, int]
    flex: bool


class Outlooks:
    """What was found out for kinds of requests (`routing.outlook`), kept as long as the pools."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def get(self, place: Hashable) -> Any:
        """Return what is kept at a place, None for nothing."""
        return self._kept.get(place)

    def put(self, place: Hashable, outlook: Any) -> None:
        """Keep something at a place."""
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[place] = outlook


class Pools:
    """The pools of one snapshot for any policy.

    `unpriced` are prices (`prompt` and `completion`, USD per token) at which the operator caps
    endpoints of unknown price; without it they are refused, for unknown is not free.
    """

    def __init__(self, snapshot: Snapshot, now: float, unpriced: Mapping[str, str] | None = None) -> None:
        self.snapshot = snapshot
        self._moment = Moment.of(now)
        self._unpriced = unpriced
        self._models: dict[Hashable, Model] = {}
        self._found: dict[Hashable, Found | None] = {}
        self._forget()
        self._providers: dict[str, frozenset[str]] | None = None

    def aside(self) -> Pools:
        """Return pools of the same snapshot that forget what they find for policies: for what is too long to keep."""
        made = copy(self)
        made._forget()  # noqa: SLF001 - one of its own kind
        return made

    def _forget(self) -> None:
        self._pools: dict[Hashable, Pool] = {}
        self._effects: dict[Hashable, Effect] = {}
        self._narrowed: dict[Hashable, Policy] = {}
        self._openings: dict[Hashable, tuple[Model, ...]] = {}
        self._ranked: dict[Hashable, tuple[Model, ...]] = {}
        self._numbers: dict[Hashable, int] = {}
        self._numbered: dict[int, tuple[Policy, int]] = {}
        self.outlooks = Outlooks()

    def number(self, policy: Policy) -> int:
        """Return what stands for a policy's effect here: equal for those that leave the same endpoints."""
        kept = self._numbered.get(id(policy))
        if kept is not None and kept[0] is policy:
            return kept[1]
        # An effect is dear to compare, and a key's policy stays the same object for as long as it is known.
        if len(self._numbered) >= _KEPT:
            self._numbered.clear()
        if len(self._numbers) >= _KEPT:
            self._numbers.clear()
            self.outlooks = Outlooks()  # they know policies by their numbers
            self._numbered.clear()
        number = self._numbers.setdefault(self._key(policy), len(self._numbers))
        self._numbered[id(policy)] = (policy, number)
        return number

    def find(self, slug: str) -> Found | None:
        """Return what a slug leads to, private or not; None when to nothing."""
        if len(slug) > LONGEST_SLUG:
            return self._find(slug)
        return _once(self._found, slug, lambda: self._find(slug))

    def model(self, row: Row) -> Model:
        """Return a concrete row compiled."""
        return _once(self._models, row.id, lambda: targets.compiled(row, self._moment, self._unpriced))

    def narrowed(self, policy: Policy, preferences: Preferences) -> Policy:
        """Return a policy with a request's own restrictions as one more layer (spec catalogue 5.2)."""
        asked = (preferences.only, preferences.ignore, preferences.zdr)
        if asked == ((), (), False):
            return policy
        return _once(self._narrowed, (policy.effect, *asked), lambda: self._narrow(policy, preferences))

    def pool(self, model: Model, policy: Policy) -> Pool:
        """Return the pool of a model under a policy."""
        return _once(self._pools, (model.row.id, self._key(policy)), lambda: _pool(model, policy))

    def openings(self, policy: Policy) -> tuple[Model, ...]:
        """Return the concrete models that write text and a policy shows, in catalogue order: for routers."""
        return _once(self._openings, self._key(policy), lambda: self._shown(policy))

    def ranked(self, policy: Policy, rank: Callable[[tuple[Model, ...]], tuple[Model, ...]]) -> tuple[Model, ...]:
        """Return the openings as a ranking puts them, which looks at nothing but them."""
        return _once(self._ranked, (self._key(policy), rank), lambda: rank(self.openings(policy)))

    def provider_slugs(self, item: str) -> tuple[str, ...]:
        """Return a lower-case item of a provider list as slugs: itself, or those that go by it as a display name."""
        if self._providers is None:
            self._providers = _by_name(self.snapshot)
        return (item, *sorted(self._providers.get(item, frozenset()) - {item}))

    def _key(self, policy: Policy) -> Effect:
        # The effect itself and not its fingerprint, which is dear for a policy made anew; without the ids
        # of account and user that nothing is private to, so that the keys of many people share a pool.
        return _once(self._effects, policy.effect, lambda: self._shared(policy.effect))

    def _shared(self, effect: Effect) -> Effect:
        return replace(effect, viewer=effect.viewer & self.snapshot.private_ids)

    def _find(self, slug: str) -> Found | None:
        row = self.snapshot.locate(slug)
        if row is None:
            return None
        exact = slug.lower() in self.snapshot.positions
        parsed = None if exact else slugs.parse(slug)
        dynamic = frozenset(parsed.dynamic) if parsed else frozenset[str]()
        if not row.standing.latest:
            return Found(row, dynamic, alias=(parsed.base if parsed else slug.lower()) in self.snapshot.aliases)
        target = self.snapshot.locate(row.decode()["alias_target"]["slug"])
        return None if target is None or target.standing.latest else Found(target, dynamic, row)

    def _narrow(self, policy: Policy, preferences: Preferences) -> Policy:
        asked: dict[str, Any] = dict(_ALL_ZDR) if preferences.zdr else {}
        if preferences.only:
            asked["allowed_providers"] = self.slugs(preferences.only)
        if preferences.ignore:
            asked["ignored_providers"] = self.slugs(preferences.ignore)
        layer = Layer(LayerName.REQUEST, "", Restrictions(**asked))
        return policy.replaced(layers=(*policy.layers, layer))

    def slugs(self, items: tuple[str, ...]) -> tuple[str, ...]:
        """Return the items of a provider list with display names as slugs."""
        return tuple(dict.fromkeys(slug for item in items for slug in self.provider_slugs(item)))

    def _shown(self, policy: Policy) -> tuple[Model, ...]:
        allowed = visible(self.snapshot, policy)
        return tuple(
            self.model(row)
            for row, shown in zip(self.snapshot.rows, allowed.rows.tolist(), strict=True)
            if shown and not row.standing.router and not row.standing.latest and "text" in self.model(row).outputs
        )


def _pool(model: Model, policy: Policy) -> Pool:
    left: list[Target] = []
    removed: dict[str, Reason] = {}
    effect, slug = policy.effect, model.row.standing.permaslug
    flex = False
    for target in model.targets:
        if not _PRIVATE.holds(effect, target.traits, slug):
            continue  # who may not know of it is not told that it was removed either
        failing = next(predicate.failing(_IN_ORDER, effect, target.traits, slug), None)
        reason = Reason(failing.name) if failing else None
        if not target.priced and (reason is None or ORDER[reason] > ORDER[Reason.UNPRICED]):
            reason = Reason.UNPRICED
        flex = flex or (target.tier == "flex" and reason is not Reason.CREDENTIAL)
        if reason is None:
            left.append(target)
        else:
            removed[target.key] = reason
    plain = tuple(target for target in left if target.tier is None)
    return Pool(
        model=model,
        targets=plain,
        tiers=tuple(target for target in left if target.tier is not None),
        removed=removed,
        by_size=any(target.by_size for target in left),
        shortest=(
            _least(target.context_length for target in left),
            _least(target.max_prompt for target in left),
            _least(target.max_completion for target in left),
        ),
        flex=flex,
    )


def _least(limits: Iterable[int]) -> int:
    return min((limit for limit in limits if limit), default=0)


def _by_name(snapshot: Snapshot) -> dict[str, frozenset[str]]:
    named: dict[str, set[str]] = {}
    for provider in snapshot.providers:
        named.setdefault(str(provider["name"]).lower(), set()).add(str(provider["slug"]).lower())
    for row in snapshot.rows:
        for endpoint in row.endpoints:
            named.setdefault(endpoint.wire["provider_name"].lower(), set()).add(endpoint.traits.provider)
    return {name: frozenset(found) for name, found in named.items()}


def _once(known: dict[Hashable, _T], key: Hashable, make: Callable[[], _T]) -> _T:
    try:
        return known[key]
    except KeyError:
        if len(known) >= _KEPT:
            known.clear()
        made = known[key] = make()
        return made
