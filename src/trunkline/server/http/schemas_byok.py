"""Accounts' own credentials at providers as the API shows them: never the secret."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class ByokKey(Struct, kw_only=True):
    """One own key at a provider; `label` is what is shown of it.

    `workspace_id` of null: it counts in every workspace. Within a provider the keys are tried by `sort_order`;
    `is_required` keeps the operator's key for the provider out where this one serves a model, `is_byok_only` for
    every model. What is declared of the provider's account narrows what the key is used for.
    """

    id: str
    provider: str
    workspace_id: str | None
    label: str
    name: str | None
    disabled: bool
    is_fallback: bool
    is_required: bool
    is_byok_only: bool
    declared_zdr: bool | None
    declared_region: str | None
    allowed_models: list[str] | None
    allowed_api_key_hashes: list[str] | None
    allowed_user_ids: list[str] | None
    sort_order: int
    created_at: datetime


class ByokKeyResponse(Struct):
    """An own key at a provider."""

    data: ByokKey


class ListByokKeysResponse(Struct):
    """Own keys at providers, newest first; `total_count` counts all pages."""

    data: list[ByokKey]
    total_count: int
