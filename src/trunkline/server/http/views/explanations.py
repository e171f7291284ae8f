"""Explanations and previews in their wire shape; sets and tuples become lists."""

from __future__ import annotations

from trunkline.server.domain.policy.predicate import Failure
from trunkline.server.domain.policy.remedy import Change
from trunkline.server.http import schemas_explain as shown
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases.explanations import Explained, Left


def explained(found: Explained) -> shown.ModelExplanation:
    """Return an explanation as it is shown."""
    explanation = found.explanation
    return shown.ModelExplanation(
        model=explanation.row.id,
        key_hash=found.key.hash,
        key_name=found.key.name,
        region=found.region,
        key_usable=found.usable,
        refused=found.refused,
        listed=explanation.listed,
        endpoints=[
            shown.EndpointExplanation(
                provider_name=judged.endpoint.wire["provider_name"],
                tag=judged.endpoint.wire["tag"],
                passes=not judged.failures,
                failures=_failures(judged.failures),
                change=_changes(judged.change),
            )
            for judged in explanation.endpoints
        ],
        failures=_failures(explanation.failures),
        change=_changes(explanation.change),
    )


def left(found: Left) -> shown.GuardrailEffect:
    """Return what a guardrail would leave as it is shown."""
    return fill(
        shown.GuardrailEffect,
        found.remaining,
        summary=str(found.remaining),
        keys=[fill(shown.PreviewedKey, key) for key in found.keys],
        lost=list(found.remaining.lost),
        gained=list(found.remaining.gained),
        missing=[
            fill(shown.MissingKey, key, models=[fill(shown.MissedModel, one) for one in found.missed[key.hash]])
            for key in found.keys
            if key.hash in found.missed
        ],
    )


def _failures(failures: tuple[Failure, ...]) -> list[shown.RuleFailure]:
    return [fill(shown.RuleFailure, failure, layer=str(failure.layer)) for failure in failures]


def _changes(changes: tuple[Change, ...] | None) -> list[shown.SettingChange] | None:
    return None if changes is None else [fill(shown.SettingChange, row, layer=str(row.layer)) for row in changes]
