"""Which rows and endpoints of a catalogue a policy shows (spec 5.5, 5.11 to 5.13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from trunkline.server.domain.catalog.columns import Mask
from trunkline.server.domain.catalog.query import Allowed
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.catalog.traits import Traits, Zdr, permits
from trunkline.server.domain.policy.layers import Effect, Policy, fingerprint
from trunkline.server.domain.policy.predicate import ABOUT_ENDPOINTS, ABOUT_MODELS, Rule

FREE_ROUTER: Final = "openrouter/free"
"""The router whose candidates are the free models; those of the other are all models that write text."""
CALLABLE_ROUTERS: Final = frozenset({"openrouter/auto", FREE_ROUTER})
"""The routers that this server can follow; no key's list shows one that a call would refuse."""
_ANY_ENDPOINT = Traits("", "", None, "", True, True, True, True, Zdr.NONE, frozenset())


def visible(snapshot: Snapshot, policy: Policy) -> Allowed:
    """Return the rows that a policy shows and the endpoints that pass it, for `query.select`.

    A row is shown when one of its endpoints passes, `~author/family-latest` as its target is, and a
    router when one of its candidates is shown (spec 5.13).
    """
    index, effect = snapshot.index, policy.effect
    table, models = index.offers, index.models
    lines = table.lines_of([_holds(ABOUT_ENDPOINTS, effect, traits, "") for traits in table.kinds])
    if effect.allowed_models is not None or effect.ignored_models:
        named = models.rows_of([_holds(ABOUT_MODELS, effect, _ANY_ENDPOINT, slug) for slug in models.slugs])
        lines &= named[table.row]
    hidden = [position for position, private in models.private if not permits(private, policy.viewer)]
    if hidden:
        shown = np.ones(index.size, np.bool_)
        shown[hidden] = False
        lines &= shown[table.row]
    rows = table.rows_of(lines)
    for position, slug in _routers(snapshot, effect, rows, lines):
        rows[position] = position not in hidden and slug not in effect.ignored_models
    return Allowed(rows, lines)


def cache_key(snapshot: Snapshot, policy: Policy) -> str:
    """Return what is equal for two policies that show the same of this snapshot for one reason.

    It is the fingerprint without the ids of account and user that nothing in the snapshot is private
    to, so that the keys of many people share an answer.
    """
    known = policy.viewer & snapshot.private_ids
    return policy.fingerprint if known == policy.viewer else fingerprint(replace(policy.effect, viewer=known))


def _holds(rules: tuple[Rule, ...], effect: Effect, traits: Traits, slug: str) -> bool:
    return all(rule.holds(effect, traits, slug) for rule in rules)


def _routers(snapshot: Snapshot, effect: Effect, rows: Mask, lines: Mask) -> list[tuple[int, str]]:
    """Return the routers that have a candidate among the rows and lines that are shown."""
    index = snapshot.index
    if effect.region is not None or not index.models.routers:
        return []
    candidates = rows & index.models.concrete & index.postings["outputs"].any_of(("text",))
    some = bool(candidates.any())
    free = some and bool((candidates & index.offers.rows_of(lines & index.offers.free)).any())
    return [
        (position, slug)
        for position, slug in index.models.routers
        if slug in CALLABLE_ROUTERS and (free if slug == FREE_ROUTER else some)
    ]
