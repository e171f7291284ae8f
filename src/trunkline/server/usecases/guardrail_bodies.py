"""The bodies of guardrails and of an account's own restrictions, with their bounds (spec 1.7)."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from trunkline.server.usecases.bodies import MOST_USD, Window

MOST_FILTERS = 250
"""Content filters of one guardrail: each is kept in memory ready for use."""
GuardrailName = Annotated[str, Meta(min_length=1, max_length=200)]
Items = Annotated[list[str], Meta(min_length=1)]
Regions = Annotated[list[Literal["global", "europe", "us"]], Meta(min_length=1)]
Action = Literal["redact", "block", "flag"]
BuiltinSlug = Literal[
    "email", "phone", "ssn", "credit-card", "ip-address", "person-name", "address", "regex-prompt-injection"
]


class FilterBody(Struct, frozen=True, kw_only=True):
    """A pattern of a content filter."""

    pattern: Annotated[str, Meta(min_length=1, max_length=100_000)]
    action: Action
    label: Annotated[str, Meta(max_length=100)] | None = None


class BuiltinBody(Struct, frozen=True, kw_only=True):
    """A built-in content filter; a `label` is accepted and ignored, as every field that is not here."""

    slug: BuiltinSlug
    action: Action
    scan_scope: Literal["user_only", "all_messages"] | None = None


class RestrictionsPatch(Struct, frozen=True, kw_only=True):
    """What a layer may restrict: what is absent stays, null removes, a list replaces the whole list."""

    allowed_models: Items | UnsetType | None = UNSET
    ignored_models: Items | UnsetType | None = UNSET
    allowed_providers: Items | UnsetType | None = UNSET
    ignored_providers: Items | UnsetType | None = UNSET
    enforce_zdr_anthropic: bool | UnsetType | None = UNSET
    enforce_zdr_openai: bool | UnsetType | None = UNSET
    enforce_zdr_google: bool | UnsetType | None = UNSET
    enforce_zdr_xai: bool | UnsetType | None = UNSET
    enforce_zdr_other: bool | UnsetType | None = UNSET
    enforce_zdr: bool | UnsetType | None = UNSET
    enable_paid_model_training: bool | UnsetType | None = UNSET
    enable_free_model_training: bool | UnsetType | None = UNSET
    enable_free_model_publication: bool | UnsetType | None = UNSET
    allow_safety_retention_google: bool | UnsetType | None = UNSET
    allow_safety_retention_other: bool | UnsetType | None = UNSET
    allowed_data_regions: Regions | UnsetType | None = UNSET


class GuardrailFields(RestrictionsPatch, frozen=True, kw_only=True):
    """What making and changing a guardrail have in common."""

    description: Annotated[str, Meta(max_length=1000)] | UnsetType | None = UNSET
    limit_usd: Annotated[float, Meta(gt=0, le=MOST_USD)] | UnsetType | None = UNSET
    reset_interval: Window | UnsetType | None = UNSET
    include_byok_in_budgets: bool | UnsetType = UNSET
    content_filters: Annotated[list[FilterBody], Meta(max_length=MOST_FILTERS)] | UnsetType | None = UNSET
    content_filter_builtins: Annotated[list[BuiltinBody], Meta(max_length=MOST_FILTERS)] | UnsetType | None = UNSET


class GuardrailCreate(GuardrailFields, frozen=True, kw_only=True):
    """The body that makes a guardrail."""

    name: GuardrailName
    workspace_id: UUID | UnsetType = UNSET


class GuardrailPatch(GuardrailFields, frozen=True, kw_only=True):
    """The body that changes a guardrail."""

    name: GuardrailName | UnsetType = UNSET
