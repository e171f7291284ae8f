"""Which endpoints of a model can serve a request: the hard filters and the soft features (spec gateway 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from trunkline.server.domain.routing import compression, tiers
from trunkline.server.domain.routing.byok import Own
from trunkline.server.domain.routing.compression import fits, may_be_fitted
from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.pools import Pool
from trunkline.server.domain.routing.preferences import Preferences
from trunkline.server.domain.routing.reasons import Reason
from trunkline.server.domain.routing.targets import Target
from trunkline.server.domain.routing.tiers import Admission

_SAME: Final = {
    "max_tokens": frozenset({"max_completion_tokens"}),
    "max_completion_tokens": frozenset({"max_tokens"}),
    "reasoning": frozenset({"include_reasoning", "reasoning_effort"}),
    "reasoning_effort": frozenset({"reasoning"}),
    "include_reasoning": frozenset({"reasoning"}),
}
"""Parameters that say the same in other words: an endpoint needs only one of them."""
Targets = tuple[Target, ...]


class Ask(NamedTuple):
    """What one model is asked for. `provider`: only this provider's endpoints, `free`: only free ones.

    `own` is what the caller brings along, None for nothing.
    """

    pool: Pool
    needs: Needs
    preferences: Preferences
    provider: str | None = None
    free: bool = False
    own: Own | None = None


class Shortlist(Struct, frozen=True):
    """The endpoints of one model that can serve a request, cheapest first for prompts of no size.

    `steps` are the filters that removed some, with those; `dropped` the parameters that none of the
    rest supports and that must not be sent; `clamps`: `max_tokens` must be cut to each one's limit;
    `compresses`: messages must be shortened for some.
    """

    pool: Pool
    targets: Targets
    steps: tuple[tuple[Reason, Targets], ...] = ()
    dropped: frozenset[str] = frozenset()
    clamps: bool = False
    compresses: bool = False

    def removed(self) -> Iterator[tuple[Target, Reason]]:
        """Yield every endpoint that the caller may know of and that is not on the list, with the reason."""
        stepped = {target.key: reason for reason, gone in self.steps for target in gone}
        listed = {target.key for target in self.targets}
        left = {target.key for target in (*self.pool.targets, *self.pool.tiers)}
        for target in self.pool.model.targets:
            reason = self.pool.removed.get(target.key) or stepped.get(target.key)
            if reason is None and target.key in left and target.key not in listed:
                reason = Reason.TIER
            if reason is not None:
                yield target, reason


def shortlist(ask: Ask, admission: Admission) -> Shortlist:
    """Apply the filters that policy leaves to do, in the order of spec gateway 3.3, and then the soft features."""
    pool = ask.pool
    if ask.needs.surface not in pool.model.surfaces:
        return Shortlist(pool, (), ((Reason.SURFACE, (*pool.targets, *pool.tiers)),))
    left = tiers.admitted(pool, admission)
    steps: list[tuple[Reason, Targets]] = []
    dropped: frozenset[str] = frozenset()
    clamps = False
    for row in _FILTERS:
        if not row.applies(ask):
            continue
        kept = tuple(target for target in left if row.keeps(target, ask))
        if not kept and row.rescue is not None:
            kept, given_up = row.rescue(left, ask)
            dropped |= given_up
            clamps = clamps or row.reason is Reason.MAX_TOKENS
        if len(kept) != len(left):
            steps.append((row.reason, tuple(target for target in left if target not in kept)))
            left = kept
    return Shortlist(pool, left, tuple(steps), dropped, clamps, compression.needed(left, ask.needs))


def supports(target: Target, parameter: str) -> bool:
    """Tell whether an endpoint takes a parameter, or another that says the same."""
    if parameter in target.supported:
        return True
    return parameter in _SAME and not _SAME[parameter].isdisjoint(target.supported)


def _can_be_called(target: Target, ask: Ask) -> bool:
    # Policy has let every provider pass for which there is a credential; this one may be for other models.
    return ask.own is None or ask.own.reaches(target, ask.pool.model.row.standing.permaslug)


def _is_private_of_data(target: Target, ask: Ask) -> bool:
    return not (target.traits.trains or target.traits.retains or target.traits.publishes)


def _may_be_too_long(ask: Ask) -> bool:
    window, prompt, _ = ask.pool.shortest
    return 0 < window < ask.needs.total_tokens or 0 < prompt < ask.needs.prompt_tokens


def _supports_all(target: Target, ask: Ask) -> bool:
    needs = ask.needs
    if not all(supports(target, parameter) for parameter in needs.parameters):
        return False
    return needs.format is None or needs.format in target.supported


def _is_cheap(target: Target, ask: Ask) -> bool:
    prices = target.prices(ask.needs.prompt_tokens)
    return all(prices.of(unit) <= cap for unit, cap in ask.preferences.max_price)


def _is_roomy(target: Target, ask: Ask) -> bool:
    return not target.max_completion or (ask.needs.max_tokens or 0) <= target.max_completion


Rescue = Callable[[Targets, Ask], tuple[Targets, frozenset[str]]]
"""Returns what to keep where a filter would keep none, and the parameters to go without."""


def _compressible(targets: Targets, ask: Ask) -> tuple[Targets, frozenset[str]]:
    return compression.rescued(targets, ask.pool.model, ask.needs), frozenset()


def _without(*parameters: str) -> Rescue:
    return lambda targets, ask: (targets, frozenset(parameters))


def _any_format(targets: Targets, ask: Ask) -> tuple[Targets, frozenset[str]]:
    # JSON of any shape is nearer to a schema than prose is.
    nearest = tuple(target for target in targets if "response_format" in target.supported)
    return (nearest, frozenset()) if nearest else (targets, frozenset({"response_format"}))


class _Filter(NamedTuple):
    """One filter: when it applies, which endpoints it keeps, and what else where that is none."""

    reason: Reason
    applies: Callable[[Ask], bool]
    keeps: Callable[[Target, Ask], bool]
    rescue: Rescue | None = None


_FILTERS: Final = (
    _Filter(Reason.CREDENTIAL, lambda ask: ask.own is not None, _can_be_called),
    _Filter(
        Reason.ROUTER,
        lambda ask: ask.provider is not None or ask.free,
        lambda target, ask: ask.provider in {None, target.provider} and (target.traits.free or not ask.free),
    ),
    _Filter(Reason.DATA_COLLECTION, lambda ask: ask.preferences.deny_collection, _is_private_of_data),
    _Filter(
        Reason.DISTILLABLE,
        lambda ask: ask.preferences.distillable and not ask.pool.model.distillable,
        lambda target, ask: False,
    ),
    _Filter(
        Reason.QUANTIZATION,
        lambda ask: bool(ask.preferences.quantizations),
        lambda target, ask: target.quantization in ask.preferences.quantizations,
    ),
    _Filter(
        Reason.MODALITIES,
        lambda ask: not ask.needs.inputs <= ask.pool.model.inputs,
        lambda target, ask: False,
    ),
    _Filter(Reason.PARAMETERS, lambda ask: ask.preferences.require_parameters, _supports_all),
    _Filter(
        Reason.CONTEXT,
        _may_be_too_long,
        lambda target, ask: fits(target, ask.needs) or may_be_fitted(target, ask.pool.model, ask.needs),
        _compressible,
    ),
    _Filter(
        Reason.MAX_TOKENS,
        lambda ask: ask.needs.max_tokens is not None and 0 < ask.pool.shortest[2] < ask.needs.max_tokens,
        _is_roomy,
        _without(),
    ),
    _Filter(Reason.MAX_PRICE, lambda ask: bool(ask.preferences.max_price), _is_cheap),
    _Filter(
        Reason.TOOLS,
        lambda ask: ask.needs.tools,
        lambda target, ask: "tools" in target.supported or target.silent,
        _without("tools", "tool_choice", "parallel_tool_calls"),
    ),
    _Filter(
        Reason.TOOL_CHOICE,
        lambda ask: ask.needs.tools and ask.needs.tool_choice is not None,
        lambda target, ask: (
            target.silent or ("tool_choice" in target.supported and ask.needs.tool_choice in target.tool_choices)
        ),
        _without("tool_choice"),
    ),
    _Filter(
        Reason.FORMAT,
        lambda ask: ask.needs.format is not None,
        lambda target, ask: ask.needs.format in target.supported or target.silent,
        _any_format,
    ),
    _Filter(
        Reason.VERBOSITY,
        lambda ask: ask.needs.verbosity,
        lambda target, ask: "verbosity" in target.supported or target.silent,
        _without("verbosity"),
    ),
)
"""In order. The first nine and `max_price` are hard; the others never leave a model without endpoints."""
