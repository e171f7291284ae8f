"""The plan of a request: the endpoints to try, in order, and why the others are not among them (spec gateway 3).

A pure function of the request, the catalogue, the policy, what traffic has taught, the time and lots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec
from msgspec import Struct, field

from trunkline.server.domain.generation import estimate as estimates
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing import byok, combining, models, preferences, refusals, routers
from trunkline.server.domain.routing import compression as compressing
from trunkline.server.domain.routing import needs as needing
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.domain.routing.byok import Own
from trunkline.server.domain.routing.candidates import Shortlist
from trunkline.server.domain.routing.changes import Changes, changes
from trunkline.server.domain.routing.combining import Remembered
from trunkline.server.domain.routing.models import Entry, Miss, Strategy
from trunkline.server.domain.routing.needs import Estimate, Needs
from trunkline.server.domain.routing.outlook import Candidate, outlook
from trunkline.server.domain.routing.pools import Found, Pools
from trunkline.server.domain.routing.preferences import NO_PREFERENCES, Preferences
from trunkline.server.domain.routing.ranking import Chance, Setting
from trunkline.server.domain.routing.reasons import Reason
from trunkline.server.domain.routing.statistics import EndpointStatistics, Statistics
from trunkline.server.domain.routing.targets import Target


class Circumstances(Struct, frozen=True):
    """What a plan depends on beside request, catalogue and policy.

    `now` in Unix seconds; `usage` in tokens of seven days by model id; `default_sort` is the
    workspace's; prompts are shortened by themselves for windows of up to `small_window` tokens.
    `own` are the caller's own credentials, None for a caller who has none.
    """

    now: float
    chance: Chance
    statistics: Statistics = field(default_factory=dict[str, EndpointStatistics])
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    default_sort: str | None = None
    remembered: Remembered | None = None
    estimate: Estimate = estimates.prompt_tokens
    small_window: int = needing.SMALL_WINDOW
    own: Own | None = None


class Plan(Struct, frozen=True, dict=True):
    """The candidates in the order in which they are tried; without any, `refusal` says how the request fails.

    `requested` are the slugs as they were sent, `misses` those that led to nothing.
    """

    candidates: tuple[Candidate, ...]
    strategy: Strategy
    requested: tuple[str, ...]
    needs: Needs
    preferences: Preferences
    shortlists: tuple[Shortlist, ...] = ()
    misses: tuple[Miss, ...] = ()
    refusal: Refusal | None = None

    @cached_property
    def removed(self) -> Mapping[str, Reason]:
        """Why each endpoint of the models that the caller may know of is not a candidate, by its key."""
        planned = {candidate.key for candidate in self.candidates}
        reasons = {target.key: reason for listed in self.shortlists for target, reason in listed.removed()}
        for listed in self.shortlists:
            reasons.update((target.key, Reason.FALLBACK) for target in listed.targets if target.key not in planned)
        return reasons

    def offered(self, model: str) -> tuple[Target, ...]:
        """Return all endpoints of one of the planned models, whoever may use them."""
        return next((listed.pool.model.targets for listed in self.shortlists if listed.pool.model.id == model), ())

    @property
    def total(self) -> int:
        """How many endpoints there were to choose from, for `openrouter_metadata`."""
        return len(self.candidates) + len(self.removed)


def plan(request: GenerationRequest, pools: Pools, policy: Policy, given: Circumstances) -> Plan:
    """Plan a request whose presets are merged and whose fields are checked.

    `policy` is what the caller may use (spec catalogue 5.2, layers L0 to L3). Raises `BadRequest`
    where the request's own routing fields are wrong; everything else is a plan with a `refusal`.
    """
    wishes = preferences.read(request.preferences)
    if not (wishes is NO_PREFERENCES or wishes.is_brief):
        pools = pools.aside()
    if wishes.order:
        wishes = msgspec.structs.replace(wishes, order=pools.slugs(wishes.order))

    def draw(slug: str, found: Found, suits: routers.Suits) -> tuple[Entry, ...] | Miss:
        kept = None if given.remembered is None else given.remembered(found.row.id)
        model = None if kept is None else kept.partition(" ")[0]
        return routers.choose(slug, found, pools, policy, given.usage, given.chance, suits, model)

    view, needs = outlook(request, wishes, pools, policy, draw, given.estimate, given.small_window, given.own)
    found, shortlists = view.found, view.shortlists
    if view.only is not None and not wishes.order and given.own is None:
        return Plan(view.only, found.strategy, request.models, needs, wishes, shortlists, found.misses)
    if not found.entries:
        refusal = refusals.of_misses(found.misses, request.models)
        return Plan((), found.strategy, request.models, needs, wishes, misses=found.misses, refusal=refusal)
    own = None if given.own is None else given.own.under(pools.narrowed(policy, wishes).effect)
    setting = Setting(needs, wishes, given.statistics, given.now, given.chance, given.default_sort)
    order = combining.combined(found.entries, shortlists, setting, given.remembered, own)
    if not order:
        refusal = refusals.of_empty(
            shortlists, request.models, needs=needs, preferences=wishes, pools=pools, policy=policy, now=given.now
        )
        return Plan((), found.strategy, request.models, needs, wishes, shortlists, found.misses, refusal)
    if (plain := view.candidates) is not None:
        chosen = tuple([plain[target.key] for target in order])
    else:
        chosen = _altered(request, needs, order, found.entries, shortlists)
    if own is not None:
        chosen = _copied(chosen, order, own, found.entries, together=wishes.partition == "none")
    return Plan(chosen, found.strategy, request.models, needs, wishes, shortlists, found.misses)


def _altered(
    request: GenerationRequest,
    needs: Needs,
    order: list[Target],
    entries: Sequence[Entry],
    lists: Sequence[Shortlist],
) -> tuple[Candidate, ...]:
    by_model = {entry.model.id: (entry, listed) for entry, listed in zip(entries, lists, strict=True)}
    made = []
    for target in order:
        entry, listed = by_model[target.model]
        made.append(Candidate(target, entry.requested, _changes(request, needs, target, entry, listed)))
    return tuple(made)


def _copied(
    chosen: tuple[Candidate, ...], order: Sequence[Target], own: Own, entries: Sequence[Entry], *, together: bool
) -> tuple[Candidate, ...]:
    by_key = {candidate.key: candidate for candidate in chosen}
    return tuple(
        by_key[target.key] if credential is None else msgspec.structs.replace(by_key[target.key], credential=credential)
        for target, credential in byok.offers(order, own, models.permaslugs(entries), together=together)
    )


def _changes(request: GenerationRequest, needs: Needs, target: Target, entry: Entry, listed: Shortlist) -> Changes:
    made = changes(request, listed.dropped, target.max_completion if listed.clamps else None, entry.effort)
    short = compressing.shortened(request, target, needs) if listed.compresses else None
    return made if short is None else {**made, "messages": short.messages}
