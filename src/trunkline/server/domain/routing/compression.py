"""When a prompt that is too long is shortened for an endpoint, and by how much (spec gateway 3.3 F10, 3.9)."""

from __future__ import annotations

from typing import Final

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.generation import compression
from trunkline.server.domain.generation.compression import Compressed
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.targets import Model, Target

MOST_MESSAGES: Final = 1000
"""How many messages Anthropic's models take."""
_ANTHROPIC: Final = "anthropic"
_ANSWER_SHARE: Final = 4
"""What is left for an answer of unknown length: the window through this."""
_SURE: Final = 0.9
"""How much of a window is filled: our count of tokens is a guess."""
_PICTURES: Final = frozenset({"image"})

Targets = tuple[Target, ...]


def fits(target: Target, needs: Needs) -> bool:
    """Tell whether prompt and requested completion fit into an endpoint's window; an unknown window fits."""
    if target.max_prompt and needs.prompt_tokens > target.max_prompt:
        return False
    return not target.context_length or needs.total_tokens <= target.context_length


def may_be_fitted(target: Target, model: Model, needs: Needs) -> bool:
    """Tell whether half of it fits, which is as much as is taken away where the caller agrees to it."""
    return needs.compression is True and model.outputs != _PICTURES and 2 * target.context_length >= needs.total_tokens


def needed(targets: Targets, needs: Needs) -> bool:
    """Tell whether a prompt has to be shortened for any of the endpoints of one model that were left."""
    if needs.compression is False:
        return False
    if needs.compression and targets and slugs.author(targets[0].model) == _ANTHROPIC:
        return True
    return not all(fits(target, needs) for target in targets)


def rescued(targets: Targets, model: Model, needs: Needs) -> Targets:
    """Return the endpoints to shorten a prompt for that fits nowhere.

    Those that half of it fits into, else those with the largest window; where the caller has not said that it may be
    shortened, only those with small windows, for which it is by itself. None has too little room for the answer alone.
    """
    if needs.compression is False or model.outputs == _PICTURES:
        return ()
    small, answer = needs.small_window if needs.compression is None else None, needs.max_tokens or 0
    left = [
        target
        for target in targets
        if (small is None or target.context_length <= small) and answer < target.context_length
    ]
    halves = tuple(target for target in left if 2 * target.context_length >= needs.total_tokens)
    largest = max((target.context_length for target in left), default=0)
    return halves or tuple(target for target in left if target.context_length == largest)


def shortened(request: GenerationRequest, target: Target, needs: Needs) -> Compressed | None:
    """Return the messages for an endpoint that they are too long or too many for; None where they may stay."""
    many = MOST_MESSAGES if needs.compression and slugs.author(target.model) == _ANTHROPIC else None
    excess = 0 if fits(target, needs) else needs.prompt_tokens - budget(target, needs)
    if excess <= 0 and many is None:
        return None
    return compression.compressed(request.fields["messages"], excess, many)


def budget(target: Target, needs: Needs) -> int:
    """Return how many tokens a prompt may have that is shortened for an endpoint with a known limit."""
    window, limits = target.context_length, [target.max_prompt] if target.max_prompt else []
    if window:
        answer = needs.max_tokens or min(target.max_completion or window, window // _ANSWER_SHARE)
        limits.append(max(window - answer, window // _ANSWER_SHARE))
    return int(min(limits) * _SURE)
