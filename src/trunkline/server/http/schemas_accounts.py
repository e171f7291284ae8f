"""Accounts and the audit trail, in operations of our own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class AccountData(Struct, kw_only=True):
    """An account with what it restricts for every one of its keys; null where it says nothing.

    `regions` are the regional hosts that it may use, null for every one. Permissions that are null are
    withheld: without them nothing is sent to endpoints that train on prompts or publish them.
    """

    id: str
    name: str
    kind: str
    created_at: datetime
    regions: list[str] | None
    is_filtered_model_catalog_enabled: bool
    allowed_models: list[str] | None
    ignored_models: list[str] | None
    allowed_providers: list[str] | None
    ignored_providers: list[str] | None
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


class AccountResponse(Struct):
    """An account."""

    data: AccountData


class ListAccountsResponse(Struct):
    """Every account of this server, the first that was made first."""

    data: list[AccountData]


class CreatedAccountResponse(Struct):
    """A new account; `key` is its management key, shown this once and kept nowhere."""

    data: AccountData
    key: str


class AuditActor(Struct, kw_only=True):
    """Who changed something, and through which door (`api`, `cli`, `start`)."""

    name: str
    via: str
    key_hash: str | None
    user_id: str | None
    address: str | None


class AuditEntry(Struct, kw_only=True):
    """One change of one row: what it was before and is after, null where it did not or does not exist."""

    id: int
    at: datetime
    actor: AuditActor
    action: str
    noun: str
    noun_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ListAuditResponse(Struct):
    """Changes, newest first; `next_before` asks for those before them, null when there are none."""

    data: list[AuditEntry]
    next_before: int | None
