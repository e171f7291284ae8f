"""Reasoning efforts that a model takes, for the one that is asked for (spec gateway 3.1, step 3)."""

from __future__ import annotations

from typing import Final

from trunkline.server.domain.routing.targets import Model

NONE: Final = "none"
EFFORTS: Final = (NONE, "minimal", "low", "medium", "high", "xhigh", "max")
"""Least effort first."""
_LEAST: Final = "low"
"""The effort of a model that always reasons and does not say which efforts it takes."""


class ReasoningIsMandatory(ValueError):
    """The model always reasons, and the caller named it itself and asked for none."""


def effort_for(model: Model, asked: str | None, *, latest: bool) -> str | None:
    """Return the effort to ask a model for: the nearest that it takes, the lesser of two; None for no change.

    `latest`: the caller named a family, so that a target that always reasons is not its fault, and
    reasons as little as it can. Raises `ReasoningIsMandatory` where the caller named the model.
    """
    if asked is None or asked not in EFFORTS:
        return None
    able = sorted((effort for effort in model.efforts if effort in EFFORTS and effort != NONE), key=EFFORTS.index)
    if asked == NONE:
        if not model.mandatory:
            return None
        if not latest:
            raise ReasoningIsMandatory(model.id)
        return able[0] if able else _LEAST
    if not able or asked in able:
        return None
    wanted = EFFORTS.index(asked)
    return min(able, key=lambda effort: (abs(EFFORTS.index(effort) - wanted), EFFORTS.index(effort)))
