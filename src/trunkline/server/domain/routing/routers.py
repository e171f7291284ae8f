"""The routers `openrouter/auto` and `openrouter/free`: models chosen for a request instead of named by it.

`openrouter/auto` takes the models that this server itself was used for most, by tokens of the last
seven days. Where it has not been used, and behind those that were, a fixed table decides: first the
models that cost no more than the median one (3 parts prompt and 1 part completion at the cheapest
endpoint), then the dearer ones; in each half by Artificial Analysis' intelligence index, highest
first, and models without one after all that have one, cheapest first. Variants (`:free`, ...) come
last of all. `openrouter/free` draws lots among the models with free endpoints, each as likely as
the other.

Both pass over models that the caller's policy hides or that cannot do what the request needs, and
give three: a first one and two to fall back to. Other routers are not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Final

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.availability import Code
from trunkline.server.domain.routing.models import Entry, Miss
from trunkline.server.domain.routing.pools import Found, Pools
from trunkline.server.domain.routing.ranking import Chance
from trunkline.server.domain.routing.targets import Model

AUTO: Final = "openrouter/auto"
FREE: Final = "openrouter/free"
MODELS: Final = 3
"""How many models a router gives: the first choice and its fallbacks."""
Usage = Mapping[str, int]
"""Tokens of the last seven days by model id."""
Suits = Callable[[Model, bool], bool]
"""Tells whether a model can serve the request, where asked for by its free endpoints alone."""


def choose(
    slug: str,
    found: Found,
    pools: Pools,
    policy: Policy,
    usage: Usage,
    chance: Chance,
    suits: Suits,
    kept: str | None = None,
) -> tuple[Entry, ...] | Miss:
    """Return the models that a router gives, the first choice first; a miss where there are none.

    `slug` is the router as it was sent. `policy` is the key's own, which says what may be seen at all.
    `kept` is the id of the model that `openrouter/auto` gave this conversation before: it stays the
    first choice while it is one at all.
    """
    effect, router = policy.effect, found.row.id
    drawn: Iterable[Model] = ()
    if effect.region is None and found.row.standing.permaslug not in effect.ignored_models:
        if router == AUTO:
            ranked = _by_usage(pools.ranked(policy, _table), usage, kept)
            drawn = (model for model in ranked if suits(model, False))
        elif router == FREE:
            drawn = _shuffled([model for model in pools.openings(policy) if _has_free(model)], chance, suits)
    chosen = tuple(Entry(slug, model, found.dynamic, free=router == FREE) for model in islice(drawn, MODELS))
    return chosen or Miss(slug, Code.NO_ENDPOINTS, "No models match your request and model restrictions")


def _by_usage(models: tuple[Model, ...], usage: Usage, kept: str | None) -> Iterator[Model]:
    used = [model for model in models if model.id == kept or usage.get(model.id)] if usage or kept else []
    used.sort(key=lambda model: (model.id != kept, -usage.get(model.id, 0)))
    yield from used
    seen = {model.id for model in used}
    yield from (model for model in models if model.id not in seen)


def _table(models: tuple[Model, ...]) -> tuple[Model, ...]:
    costs = {model.id: price for model in models if (price := _price(model)) is not None}
    plain = {model.id for model in models if model.id in costs and slugs.variant(model.id) is None}
    if not costs:
        return ()
    ascending = sorted(costs[key] for key in plain or costs)
    median = ascending[(len(ascending) - 1) // 2]

    def rank(model: Model) -> tuple[bool, bool, bool, float, Decimal, str]:
        cost, score = costs[model.id], model.intelligence
        return (model.id not in plain, cost > median, score is None, -(score or 0.0), cost, model.id)

    return tuple(sorted((model for model in models if model.id in costs), key=rank))


def _price(model: Model) -> Decimal | None:
    return min((target.prices(0).blend for target in model.targets if target.priced), default=None)


def _has_free(model: Model) -> bool:
    return any(target.traits.free for target in model.targets)


def _shuffled(models: list[Model], chance: Chance, suits: Suits) -> Iterator[Model]:
    while models:
        model = models.pop(min(int(chance() * len(models)), len(models) - 1))
        if suits(model, True):
            yield model
