"""Explanations and previews, in operations of our own."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct


class RuleFailure(Struct, kw_only=True):
    """A setting that keeps an endpoint out: the rule that fails, and the layer and its owner that state it."""

    rule: str
    layer: str
    owner: str | None
    setting: str
    value: Any


class SettingChange(Struct, kw_only=True):
    """One setting from one value to another."""

    layer: str
    owner: str | None
    setting: str
    before: Any
    after: Any


class EndpointExplanation(Struct, kw_only=True):
    """One endpoint: what keeps it out, the deciding setting first, and the smallest change that would admit it.

    `change` is empty when it passes, null when no setting helps.
    """

    provider_name: str
    tag: str
    passes: bool
    failures: list[RuleFailure]
    change: list[SettingChange] | None


class ModelExplanation(Struct, kw_only=True):
    """Whether and why a key sees a model.

    `key_usable` is whether the key counts at all, `refused` why this host would not answer it.
    `failures` are those of a model without endpoints to judge.
    """

    model: str
    key_hash: str
    key_name: str
    region: str | None
    key_usable: bool
    refused: str | None
    listed: bool
    endpoints: list[EndpointExplanation]
    failures: list[RuleFailure]
    change: list[SettingChange] | None


class ModelExplanationResponse(Struct):
    """Whether and why a key sees a model."""

    data: ModelExplanation


class PreviewedKey(Struct):
    """A key that the guardrail would govern."""

    hash: str
    name: str
    label: str


class MissedModel(Struct):
    """A model that a key called today or in the 30 days before, how often, and on which day last."""

    model: str
    requests: int
    last_used: date


class MissingKey(Struct):
    """A key that would lose models that it called, the most called first."""

    hash: str
    name: str
    label: str
    models: list[MissedModel]


class GuardrailEffect(Struct, kw_only=True):
    """What would be left to some keys: models and endpoints of those that they have now, which go and come, and which
    keys would miss models.
    """

    summary: str
    keys: list[PreviewedKey]
    models: int
    of_models: int
    endpoints: int
    of_endpoints: int
    lost: list[str]
    gained: list[str]
    missing: list[MissingKey]


class GuardrailPreviewResponse(Struct):
    """What a guardrail would leave, keys with equal answers together."""

    data: list[GuardrailEffect]
