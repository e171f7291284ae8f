"""What rules about data ask of an endpoint (spec 5.1), as a value that endpoints with equal answers share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trunkline.server.domain.catalog import pricing, slugs, vocabulary

Json = Mapping[str, Any]
Viewer = frozenset[str]
"""The ids of an account and of a user for whom private models and endpoints are looked up."""
FREE = "free"
OTHER_GROUP = "other"
GROUPS = {"anthropic": "anthropic", "openai": "openai", "google": "google", "x-ai": "xai"}
"""Groups of models by author, for rules that differ between them; everybody else is `OTHER_GROUP` (spec 5.5)."""


class Zdr(StrEnum):
    """How far an endpoint keeps prompts: as it likes, for safety monitoring alone, or not at all."""

    NONE = "none"
    SAFETY = "safety"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class Traits:
    """One endpoint as rules see it.

    `private_to` has a set of account and user ids for each of model and endpoint that is private;
    a viewer needs one id of every set, and no set means public.
    """

    provider: str
    tag: str
    tier: str | None
    group: str
    free: bool
    trains: bool
    retains: bool
    publishes: bool
    zdr: Zdr
    regions: frozenset[str]
    private_to: tuple[Viewer, ...] = ()

    def permits(self, viewer: Viewer | None) -> bool:
        """Tell whether somebody (None: the public) may know of the endpoint."""
        return permits(self.private_to, viewer)

    @classmethod
    def of(
        cls, model_id: str, provider: str, wire: Json, data_policy: Json, regions: frozenset[str], private: Private
    ) -> Traits:
        """Derive the traits of a completed endpoint of a concrete model from what is stated of it."""
        free = is_free(model_id, wire["pricing"])
        trains = _trains(data_policy)
        retains = _retains(data_policy)
        publishes = data_policy.get("publishes")
        return cls(
            provider=provider.lower(),
            tag=str(wire["tag"]).lower(),
            tier=tier(wire),
            group=group(model_id),
            free=free,
            trains=trains,
            retains=retains,
            publishes=(free and trains) if publishes is None else publishes is True,
            zdr=_zdr(data_policy, trains=trains, retains=retains),
            regions=regions,
            private_to=private,
        )


Private = tuple[Viewer, ...]


def private_to(*notes: Json) -> Private:
    """Return for each of some notes that states `private_to` the ids it names; an empty list names nobody."""
    return tuple(frozenset(stated) for note in notes if (stated := note.get("private_to")) is not None)


def permits(private: Private, viewer: Viewer | None) -> bool:
    """Tell whether a viewer (None: the public) is among those that every set of ids names."""
    if not private:
        return True
    return viewer is not None and all(not viewer.isdisjoint(ids) for ids in private)


def group(model_id: str) -> str:
    """Return the group of a concrete model by its author."""
    return GROUPS.get(slugs.author(model_id), OTHER_GROUP)


def tier(wire: Json) -> str | None:
    """Return an endpoint's service tier: as stated, else the last part of its tag where that names one."""
    if stated := wire.get("service_tier"):
        return str(stated)
    _, *rest = str(wire["tag"]).split("/")
    return rest[-1] if rest and rest[-1] in vocabulary.SERVICE_TIERS else None


def is_free(model_id: str, prices: Json) -> bool:
    """Tell whether an endpoint belongs to a `:free` model, or costs nothing whatever is asked of it."""
    if FREE in model_id.split(":")[1:]:
        return True
    return all(pricing.amount(prices.get(side)) == 0 for side in ("prompt", "completion")) and all(
        pricing.amount(price) == 0 for price in _amounts(prices)
    )


def _amounts(prices: Json) -> Iterator[Any]:
    for name, value in prices.items():
        if isinstance(value, str):
            yield value
        elif name == "overrides":
            for entry in value:
                yield from _amounts({key: price for key, price in entry.items() if key != "overrides"})


def _trains(policy: Json) -> bool:
    # Unknown counts as training, unless the source states a level that rules training out (spec 5.1).
    stated = policy.get("training")
    return policy.get("zdr") not in {Zdr.SAFETY, Zdr.STRICT} if stated is None else stated is not False


def _retains(policy: Json) -> bool:
    retains, days = policy.get("retains"), policy.get("retention_days")
    if retains is True or days:
        return True
    if retains is False or days == 0:
        return False
    return policy.get("zdr") != Zdr.STRICT


def _zdr(policy: Json, *, trains: bool, retains: bool) -> Zdr:
    stated = policy.get("zdr")
    if trains or stated == Zdr.NONE:
        return Zdr.NONE
    if stated == Zdr.SAFETY:
        return Zdr.SAFETY
    return Zdr.NONE if retains else Zdr.STRICT
