"""The API's endpoint and provider objects as msgspec types (spec 2.7, 2.8)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from trunkline.server.domain.catalog import vocabulary
from trunkline.server.domain.catalog.wire import Parameter, PublicPricing

Percent = Annotated[float, Meta(ge=0, le=100)]


class PercentileStats(Struct, frozen=True):
    """Percentiles over the last 30 minutes: latency in ms, throughput in tokens per second."""

    p50: float
    p75: float
    p90: float
    p99: float


class ToolChoiceSupport(Struct, frozen=True):
    """Which values of `tool_choice` the endpoint takes."""

    auto: bool
    none: bool
    required: bool
    function: bool


class PublicEndpoint(Struct, frozen=True):
    """One provider's offer of one model."""

    name: str
    model_id: str
    model_name: str
    provider_name: str
    tag: str
    context_length: int
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    pricing: PublicPricing
    quantization: Annotated[str, Meta(extra_json_schema={"x-extensible-enum": list(vocabulary.QUANTIZATIONS)})] | None
    supported_parameters: list[Parameter]
    uptime_last_5m: Percent | None
    uptime_last_30m: Percent | None
    uptime_last_1d: Percent | None
    supports_implicit_caching: bool
    latency_last_30m: PercentileStats | None
    throughput_last_30m: PercentileStats | None
    native_tools: dict[str, Any]
    service_tier: Annotated[str, Meta(extra_json_schema={"x-extensible-enum": list(vocabulary.SERVICE_TIERS)})] | None
    supports_diarization: bool
    supports_tool_choice: ToolChoiceSupport
    status: int | UnsetType = UNSET
    supports_voice_cloning: bool | UnsetType = UNSET


class Provider(Struct, frozen=True):
    """A company that hosts models."""

    name: str
    slug: str
    privacy_policy_url: str | None
    terms_of_service_url: str | None | UnsetType = UNSET
    status_page_url: str | None | UnsetType = UNSET
    headquarters: str | None | UnsetType = UNSET
    datacenters: list[str] | None | UnsetType = UNSET
