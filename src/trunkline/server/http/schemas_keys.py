"""Keys as the API shows them (spec 2.10). Amounts are US dollars."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class KeyData(Struct, kw_only=True):
    """An API key, without the key itself.

    `limit_remaining` is what is left of `limit` in the running window. `workspace_id` is empty for a
    management key, and for a key whose workspace was deleted.
    """

    hash: str
    name: str
    label: str
    disabled: bool
    limit: Decimal | None
    limit_remaining: Decimal | None
    limit_reset: str | None
    include_byok_in_limit: bool
    usage: Decimal
    usage_daily: Decimal
    usage_weekly: Decimal
    usage_monthly: Decimal
    byok_usage: Decimal
    byok_usage_daily: Decimal
    byok_usage_weekly: Decimal
    byok_usage_monthly: Decimal
    created_at: datetime
    updated_at: datetime | None
    last_used_at: datetime | None
    expires_at: datetime | None
    creator_user_id: str | None
    external_user: str | None
    workspace_id: str


class KeyResponse(Struct):
    """An API key."""

    data: KeyData


class KeysResponse(Struct):
    """API keys, newest first; up to 100 from `offset` on."""

    data: list[KeyData]


class CreatedKeyResponse(Struct):
    """A new API key; `key` is shown this once and kept nowhere."""

    data: KeyData
    key: str


class Deleted(Struct):
    """It is deleted."""

    deleted: bool = True


class RateLimit(Struct):
    """Deprecated; says nothing."""

    requests: int = -1
    interval: str = "1h"
    note: str = "Deprecated, there is no limit of this kind"


class KeyBudget(Struct, kw_only=True):
    """One budget that calls with the key count against, in the order in which they are checked."""

    scope: str
    guardrail_id: str | None
    budget_id: str | None
    limit_usd: Decimal
    spend_usd: Decimal
    remaining_usd: Decimal
    include_byok: bool
    reset_interval: str | None
    resets_at: datetime | None


class FreeModelDailyRequests(Struct):
    """Calls of `:free` models today (UTC)."""

    limit: int
    used: int
    remaining: int


class CurrentKey(Struct, kw_only=True):
    """The caller's own key.

    `allowed_data_regions` are those of the hosts that the key may be used on; `effective_budget` is
    the budget that blocks already, else the one with the least left.
    """

    label: str
    limit: Decimal | None
    limit_remaining: Decimal | None
    limit_reset: str | None
    include_byok_in_limit: bool
    usage: Decimal
    usage_daily: Decimal
    usage_weekly: Decimal
    usage_monthly: Decimal
    byok_usage: Decimal
    byok_usage_daily: Decimal
    byok_usage_weekly: Decimal
    byok_usage_monthly: Decimal
    creator_user_id: str | None
    expires_at: datetime | None
    is_free_tier: bool
    is_management_key: bool
    is_provisioning_key: bool
    rate_limit: RateLimit
    organization_id: str | None
    workspace_id: str | None
    allowed_data_regions: list[str]
    budgets: list[KeyBudget]
    effective_budget: KeyBudget | None
    free_model_daily_requests: FreeModelDailyRequests


class CurrentKeyResponse(Struct):
    """The caller's own key."""

    data: CurrentKey
