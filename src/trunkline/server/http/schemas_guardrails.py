"""Guardrails as the API shows them (spec 2.11)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType


class ContentFilterEntry(Struct, kw_only=True):
    """A pattern, and whether what it finds is redacted, blocked or flagged."""

    pattern: str
    action: str
    label: str | None = None


class ContentFilterBuiltinEntry(Struct, kw_only=True):
    """A built-in filter; `label` is what stands in place of what it redacts."""

    slug: str
    action: str
    label: str
    scan_scope: str | UnsetType = UNSET


class Guardrail(Struct, kw_only=True):
    """A named set of restrictions; null where it says nothing. `enforce_zdr` is for requests only, always null here."""

    id: str
    name: str
    description: str | None
    workspace_id: str | None
    created_at: datetime
    updated_at: datetime | None
    allowed_models: list[str] | None
    ignored_models: list[str] | None
    allowed_providers: list[str] | None
    ignored_providers: list[str] | None
    enforce_zdr: bool | None = None
    enforce_zdr_anthropic: bool | None
    enforce_zdr_openai: bool | None
    enforce_zdr_google: bool | None
    enforce_zdr_xai: bool | None
    enforce_zdr_other: bool | None
    enable_paid_model_training: bool | None
    enable_free_model_training: bool | None
    enable_free_model_publication: bool | None
    allow_safety_retention_google: bool | None
    allow_safety_retention_other: bool | None
    allowed_data_regions: list[str] | None
    limit_usd: Decimal | None
    reset_interval: str | None
    include_byok_in_budgets: bool
    content_filters: list[ContentFilterEntry] | None
    content_filter_builtins: list[ContentFilterBuiltinEntry] | None


class GuardrailResponse(Struct):
    """A guardrail."""

    data: Guardrail


class ListGuardrailsResponse(Struct):
    """Guardrails, newest first; `total_count` counts all pages."""

    data: list[Guardrail]
    total_count: int
