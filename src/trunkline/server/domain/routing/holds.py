"""What a planned call may cost at most, as it is held of its caller's limits until the call has ended.

At least what it will cost where the caller says how much it wants (`max_tokens`); else as much as calls of ordinary
length cost. Prompts are estimated (`generation.estimate`), so a hold may be a little less than the cost.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trunkline.server.domain.generation.cost import ZERO, pico
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.policy.holds import Amount
from trunkline.server.domain.routing.attempts import MOST_ATTEMPTS
from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.domain.routing.targets import Prices, Target

HELD_TOKENS: Final = 4096
"""Completion tokens that are held for a call that names no number."""


def most(plan: Plan, fee_rate: Decimal = ZERO, unstated: int = HELD_TOKENS, attempts: int = MOST_ATTEMPTS) -> Amount:
    """Return the price (10^-12 USD) of the dearest candidate that may serve, for the most that it may write.

    Any of the first `attempts` may, after others have failed. `fee_rate` is the share of the list price that a call
    with the account's own key costs, `unstated` the tokens of an answer whose length nobody limits.
    """
    usage = byok = ZERO
    for candidate in plan.candidates[:attempts]:
        price = _cost(candidate.target, plan.needs, unstated)
        if candidate.credential is None:
            usage = max(usage, price)
        else:
            usage, byok = max(usage, price * fee_rate), max(byok, price)
    return Amount(pico(usage), pico(byok))


def _cost(target: Target, needs: Needs, unstated: int) -> Decimal:
    if not target.priced:
        return ZERO
    prices = target.prices(needs.prompt_tokens)
    prompt = needs.prompt_tokens * max(prices.prompt, prices.of("input_cache_write"))
    return prompt + _completion(target, needs, unstated) * _written(prices) + prices.of("request")


def _completion(target: Target, needs: Needs, unstated: int) -> int:
    if needs.surface is Surface.EMBEDDINGS:
        return 0
    wanted = unstated if needs.max_tokens is None else needs.max_tokens
    possible = target.max_completion or target.context_length
    return min(wanted, possible) if possible else wanted


def _written(prices: Prices) -> Decimal:
    return max(prices.completion, prices.of("internal_reasoning"))
