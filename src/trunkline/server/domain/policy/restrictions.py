"""What one layer may restrict (spec 5.2 to 5.4): the same fields on an account and on a guardrail.

None means that the layer says nothing. Layers only ever narrow.
"""

from __future__ import annotations

from msgspec import Struct


class Restrictions(Struct, frozen=True, kw_only=True):
    """The restrictions of one layer.

    Model items are (variant) canonical slugs, provider items `slug` or `slug/variant`,
    `allowed_data_regions` words of `global`, `europe` and `us`. A permission (`enable_*`,
    `allow_*`) of None inherits: off for training and publication, on for safety retention.
    """

    allowed_models: tuple[str, ...] | None = None
    ignored_models: tuple[str, ...] | None = None
    allowed_providers: tuple[str, ...] | None = None
    ignored_providers: tuple[str, ...] | None = None
    enforce_zdr_anthropic: bool | None = None
    enforce_zdr_openai: bool | None = None
    enforce_zdr_google: bool | None = None
    enforce_zdr_xai: bool | None = None
    enforce_zdr_other: bool | None = None
    enable_paid_model_training: bool | None = None
    enable_free_model_training: bool | None = None
    enable_free_model_publication: bool | None = None
    allow_safety_retention_google: bool | None = None
    allow_safety_retention_other: bool | None = None
    allowed_data_regions: tuple[str, ...] | None = None


NOTHING = Restrictions()
