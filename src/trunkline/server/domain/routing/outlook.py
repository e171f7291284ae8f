"""What all requests of one kind have in common under a policy: their models, and which endpoints can serve them.

Worked out once and kept with the pools: it holds for as many tokens as all of these endpoints have room for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing import candidates, models, routers, tiers
from trunkline.server.domain.routing import needs as needing
from trunkline.server.domain.routing.byok import Own
from trunkline.server.domain.routing.candidates import Ask, Shortlist
from trunkline.server.domain.routing.changes import NO_CHANGES, Changes
from trunkline.server.domain.routing.models import Entry, Miss, Resolution
from trunkline.server.domain.routing.needs import Estimate, Needs
from trunkline.server.domain.routing.pools import Found, Pools
from trunkline.server.domain.routing.preferences import NO_PREFERENCES, Preferences
from trunkline.server.domain.routing.targets import Model, Target

_MOST_MODELS: Final = 8
Draw = Callable[[str, Found, routers.Suits], "tuple[Entry, ...] | Miss"]
"""Returns the models that a router (as sent, as found) gives for a request, among those that suit it."""


class Candidate(Struct, frozen=True):
    """One endpoint to try. `requested` is the slug that led to it; `changes` are fields that it gets otherwise.

    `credential` is the account's own one that it is called with, None for the operator's.
    """

    target: Target
    requested: str
    changes: Changes = NO_CHANGES
    credential: Credential | None = None

    @property
    def offer(self) -> tuple[str, str | None]:
        """What is not tried twice: the endpoint with its credential."""
        return self.target.key, None if self.credential is None else self.credential.id

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint as the catalogue has it."""
        return self.target.endpoint

    @property
    def model(self) -> str:
        """The id of the concrete model, for the answer."""
        return self.target.model

    @property
    def key(self) -> str:
        """The endpoint's key."""
        return self.target.key


class Outlook(Struct, frozen=True):
    """The models of a request of a `kind` (its needs without its counts), and what is left of their endpoints.

    `candidates` has each of these by its key, None where some must be asked otherwise than the request says; `only`
    is the one there is, None for more and for none. `room` are the least window, prompt and completion of all, in
    tokens (0: unbounded). `drawn`: a router had a part in it, which chooses anew each time.
    """

    kind: Needs
    found: Resolution
    shortlists: tuple[Shortlist, ...]
    candidates: Mapping[str, Candidate] | None
    only: tuple[Candidate] | None
    room: tuple[int, int, int]
    drawn: bool

    def holds(self, needs: Needs) -> bool:
        """Tell whether a request of so many tokens finds the same: nothing is too small for it."""
        window, prompt, completion = self.room
        return not (
            0 < window < needs.total_tokens
            or 0 < prompt < needs.prompt_tokens
            or 0 < completion < (needs.max_tokens or 0)
        )


def outlook(
    request: GenerationRequest,
    wishes: Preferences,
    pools: Pools,
    policy: Policy,
    draw: Draw,
    estimate: Estimate,
    small_window: int,
    own: Own | None,
) -> tuple[Outlook, Needs]:
    """Return the outlook of a request, kept where it may be, and its needs. Raises `BadRequest` like `needs.read`.

    Prices that depend on the size of a prompt, and what a caller brings along, make one for itself.
    """
    place = None if own is not None else _place(request, wishes, pools, policy, small_window)
    if place is not None and (kept := pools.outlooks.get(place)) is not None:
        needs = needing.counted(kept.kind, request, estimate)
        if kept.holds(needs):
            return kept, needs
    kind = needing.kind(request, small_window)
    needs = needing.counted(kind, request, estimate)
    made = _outlook(request, kind, needs, wishes, pools, policy, draw, own)
    if place is not None and not made.drawn and made.holds(needs):
        pools.outlooks.put(place, made)
    return made, needs


def _place(
    request: GenerationRequest, wishes: Preferences, pools: Pools, policy: Policy, small_window: int
) -> tuple[object, ...] | None:
    """Return what an outlook is kept under, None where none is: what callers may make long is not remembered."""
    if len(request.models) > _MOST_MODELS or wishes.max_price or not (wishes is NO_PREFERENCES or wishes.is_brief):
        return None
    signature = needing.signature(request)
    stated = None if wishes is NO_PREFERENCES else wishes
    return None if signature is None else (pools.number(policy), request.models, small_window, stated, signature)


def _outlook(
    request: GenerationRequest,
    kind: Needs,
    needs: Needs,
    wishes: Preferences,
    pools: Pools,
    policy: Policy,
    draw: Draw,
    own: Own | None,
) -> Outlook:
    narrowed = pools.narrowed(policy, wishes)
    own = None if own is None else own.under(narrowed.effect)
    drawn = False

    def expand(slug: str, found: Found) -> tuple[Entry, ...] | Miss:
        def suits(model: Model, free: bool) -> bool:
            ask = Ask(pools.pool(model, narrowed), needs, wishes, free=free, own=own)
            listed = candidates.shortlist(ask, tiers.admission(needs, wishes, found.dynamic))
            return bool(listed.targets) and not listed.dropped

        nonlocal drawn
        drawn = True
        return draw(slug, found, suits)

    found = models.resolve(request.models, needs, pools, policy, expand)
    shortlists = tuple(
        candidates.shortlist(
            Ask(pools.pool(entry.model, narrowed), needs, wishes, entry.provider, entry.free, own),
            tiers.admission(needs, wishes, entry.dynamic),
        )
        for entry in found.entries
    )
    plain = _plain(found.entries, shortlists)
    room = [listed.pool.shortest for listed in shortlists]
    return Outlook(
        kind,
        found,
        shortlists,
        plain,
        (next(iter(plain.values())),) if plain is not None and len(plain) == 1 else None,
        (_least(room, 0), _least(room, 1), _least(room, 2)),
        drawn,
    )


def _plain(entries: tuple[Entry, ...], shortlists: tuple[Shortlist, ...]) -> dict[str, Candidate] | None:
    made: dict[str, Candidate] = {}
    for entry, listed in zip(entries, shortlists, strict=True):
        if listed.dropped or listed.clamps or listed.compresses or entry.effort is not None:
            return None
        made.update((target.key, Candidate(target, entry.requested)) for target in listed.targets)
    return made


def _least(room: list[tuple[int, int, int]], place: int) -> int:
    return min((limits[place] for limits in room if limits[place]), default=0)
