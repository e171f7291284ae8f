"""Accounts' own credentials at providers as the API shows them: never the secret."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class ByokKey(Struct, kw_only=True):
    """One own key at a provider; `label` is what is shown of it.

    `workspace_id` of null: it counts in every workspace. Within a provider the keys are tried by `sort_order`;
    `always_use` keeps the operator's own key for the provider out.
    """

    id: str
    provider: str
    workspace_id: str | None
    label: str
    name: str | None
    disabled: bool
    is_fallback: bool
    always_use: bool
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
