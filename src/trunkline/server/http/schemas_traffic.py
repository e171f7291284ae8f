"""What was called, as the API shows it (spec 2.11, 2.12, gateway 5.4, 5.5). Amounts are US dollars, times ms."""

from __future__ import annotations

from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType


class ProviderResponse(Struct, kw_only=True, omit_defaults=True):
    """One attempt at one endpoint, failed ones included."""

    provider_name: str
    status: int
    latency: float
    endpoint_id: str
    model_permaslug: str
    id: str | UnsetType = UNSET
    is_byok: bool | UnsetType = UNSET


class Generation(Struct, kw_only=True):
    """One generation. What is not known is null."""

    id: str
    request_id: str | None
    api_type: str | None
    created_at: str
    model: str
    router: str | None
    provider_name: str | None
    preset_id: str | None
    service_tier: str | None
    streamed: bool | None
    cancelled: bool | None
    finish_reason: str | None
    native_finish_reason: str | None
    tokens_prompt: int | None
    tokens_completion: int | None
    native_tokens_prompt: int | None
    native_tokens_completion: int | None
    native_tokens_reasoning: int | None
    native_tokens_cached: int | None
    native_tokens_completion_images: int | None
    num_media_prompt: int | None
    num_media_completion: int | None
    num_input_audio_prompt: int | None
    num_search_results: int | None
    num_fetches: int | None
    web_search_engine: str | None
    total_cost: Decimal
    usage: Decimal
    upstream_inference_cost: Decimal | None
    cache_discount: Decimal | None
    is_byok: bool
    latency: float | None
    generation_time: float | None
    moderation_latency: float | None
    provider_responses: list[ProviderResponse] | None
    upstream_id: str | None
    app_id: int | None
    http_referer: str | None
    origin: str
    user_agent: str | None
    external_user: str | None
    session_id: str | None
    workspace_id: str | None
    data_region: str
    response_cache_source_id: str | None


class GenerationResponse(Struct):
    """What one generation used and cost, and who served it."""

    data: Generation


class GenerationsResponse(Struct):
    """A page of generations, newest first; `next` is the `after` of the page that follows, null on the last."""

    data: list[Generation]
    next: str | None


class Consumption(Struct, kw_only=True):
    """What one model, provider, key, app, workspace or user used on a day; `name` is empty for calls without one."""

    date: str
    name: str
    usage: Decimal
    byok_usage_inference: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int


class ConsumptionResponse(Struct):
    """Usage by day, oldest first, the costliest first in each."""

    data: list[Consumption]


class Credits(Struct):
    """USD that the account may spend in all, a trillion where there is no limit, and what it has spent."""

    total_credits: Decimal
    total_usage: Decimal


class CreditsResponse(Struct):
    """The account's credits."""

    data: Credits


class ActivityItem(Struct, kw_only=True):
    """What one endpoint of a model was used for on a day; `workspace_id` where rows are split by it."""

    date: str
    model: str
    model_permaslug: str
    endpoint_id: str
    provider_name: str
    usage: Decimal
    byok_usage_inference: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    workspace_id: str | UnsetType = UNSET


class ActivityResponse(Struct):
    """Usage of the last 30 completed days, newest first."""

    data: list[ActivityItem]


class DataSetMeta(Struct):
    """When a data set was read, and the days that it covers."""

    as_of: str
    version: str
    start_date: str
    end_date: str


class RankingsDailyItem(Struct):
    """One model's tokens in the period that begins on a day; `other` are all beyond the first fifty."""

    date: str
    model_permaslug: str
    total_tokens: str


class RankingsDailyResponse(Struct):
    """Models by tokens, the most used first in each period."""

    data: list[RankingsDailyItem]
    meta: DataSetMeta


class AppRankingsItem(Struct):
    """One app's place; ranks stay the same whatever the offset."""

    rank: int
    app_id: int
    app_name: str
    total_tokens: str
    total_requests: int


class AppRankingsResponse(Struct):
    """Apps by tokens or by growth."""

    data: list[AppRankingsItem]
    meta: DataSetMeta
