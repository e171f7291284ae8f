"""From the slugs of a request to an ordered list of concrete models (spec gateway 3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.availability import Code
from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.pools import Found, Pools
from trunkline.server.domain.routing.reasoning import ReasoningIsMandatory, effort_for
from trunkline.server.domain.routing.targets import Model

FREE: Final = "free"
_ANTHROPIC: Final = "anthropic"
_FASTER: Final = frozenset({"fast", "priority", "ultrafast"})


class Strategy(StrEnum):
    """How the models were found, for `openrouter_metadata`."""

    DIRECT = "direct"
    FALLBACK = "fallback"
    AUTO = "auto"
    FREE = "free"
    LATEST = "latest"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True)
class Entry:
    """One concrete model to try. `requested` is the slug that led to it, as it was sent.

    `latest`: through `~author/family-latest`. `provider`: on this provider's endpoints alone;
    `free`: on free endpoints alone. `effort`: the reasoning effort to ask for instead.
    """

    requested: str
    model: Model
    dynamic: frozenset[str] = frozenset()
    latest: bool = False
    provider: str | None = None
    free: bool = False
    effort: str | None = None


def permaslugs(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the variant canonical slugs of models by id."""
    return {entry.model.id: entry.model.row.standing.permaslug for entry in entries}


@dataclass(frozen=True, slots=True)
class Miss:
    """A slug that leads to nothing, and why; `fallbacks` are ids that may do instead.

    A `code` of None: the request asks the model for what it cannot do.
    """

    requested: str
    code: Code | None
    message: str
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """The models in the order in which they are wanted, and the slugs that were passed over."""

    entries: tuple[Entry, ...]
    strategy: Strategy
    misses: tuple[Miss, ...] = ()


Expand = Callable[[str, Found], "tuple[Entry, ...] | Miss"]
"""Returns the models that a router (as sent, as found) chooses for this request."""


def resolve(requested: Sequence[str], needs: Needs, pools: Pools, policy: Policy, expand: Expand) -> Resolution:
    """Resolve the slugs of a request, in order, each model once.

    A slug that leads to nothing is passed over, but a first one that names no model ends it: it is a
    mistake of the caller, whom an answer by another model would not tell. The same goes for a first
    model that is asked for what it cannot do.
    """
    entries: dict[str, Entry] = {}
    misses: list[Miss] = []
    strategy: Strategy | None = None
    for number, slug in enumerate(requested):
        found = pools.find(slug)
        if found is None or not found.permits(policy.viewer):
            chosen: tuple[Entry, ...] | Miss = _miss(slug, pools, policy)
        else:
            chosen = expand(slug, found) if found.row.standing.router else _entry(slug, found, needs, pools)
        if isinstance(chosen, Miss):
            misses.append(chosen)
            if number == 0 and chosen.code in {None, Code.MODEL_NOT_FOUND}:
                break
            continue
        assert found is not None
        strategy = strategy or _strategy(found)
        for entry in chosen:
            entries.setdefault(entry.model.id, entry)
    if strategy in {None, Strategy.DIRECT, Strategy.LATEST, Strategy.ALIAS} and len(requested) > 1:
        strategy = Strategy.FALLBACK
    return Resolution(tuple(entries.values()), strategy or Strategy.DIRECT, tuple(misses))


def _strategy(found: Found) -> Strategy:
    if found.row.standing.router:
        return Strategy.FREE if found.row.id.endswith("/free") else Strategy.AUTO
    if found.through is not None:
        return Strategy.LATEST
    return Strategy.ALIAS if found.alias else Strategy.DIRECT


def _entry(slug: str, found: Found, needs: Needs, pools: Pools) -> tuple[Entry] | Miss:
    row, provider = found.row, None
    faster = needs.fast or needs.service_tier in _FASTER
    for suffix, wanted in (("-fast", faster), ("-pro", needs.pro)):
        sibling = pools.find(f"{row.id}{suffix}") if wanted and slugs.variant(row.id) is None else None
        if sibling is not None and sibling.row.id == f"{row.id}{suffix}":
            row = sibling.row
            if suffix == "-fast" and slugs.author(row.id) == _ANTHROPIC:
                provider = _ANTHROPIC
            break
    model, latest = pools.model(row), found.through is not None
    try:
        effort = effort_for(model, needs.effort, latest=latest)
    except ReasoningIsMandatory:
        return Miss(slug, None, f"Reasoning is mandatory for {model.id} and cannot be disabled.")
    return (Entry(slug, model, found.dynamic, latest, provider, effort=effort),)


def _miss(slug: str, pools: Pools, policy: Policy) -> Miss:
    parsed = slugs.parse(slug)
    if parsed is not None and parsed.variant == FREE:
        paid = pools.find(parsed.base)
        if paid is not None and paid.permits(policy.viewer):
            message = f"The free variant of {paid.row.id} is not offered any more; the paid one is {paid.row.id}"
            return Miss(slug, Code.FREE_VARIANT_ENDED, message, (paid.row.id,))
    return Miss(slug, Code.MODEL_NOT_FOUND, f"{slug} is not a valid model ID")
