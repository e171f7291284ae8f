"""Endpoints as the API shows them: one provider's offer of one model each."""

from __future__ import annotations

from trunkline.components.pricing import PublicPricing
from trunkline.components.view import View
from trunkline.components.words import (
    EndpointStatus,
    InputModality,
    InstructType,
    ModelGroup,
    OutputModality,
    Parameter,
    ProviderName,
    PublicServiceTier,
    Quantization,
)


class PercentileStats(View):
    """Percentiles over the last 30 minutes: latency in ms, throughput in tokens per second."""

    __slots__ = ()

    p50: float
    p75: float
    p90: float
    p99: float


class NativeTools(View):
    """The provider's own tool that a server tool is translated to."""

    __slots__ = ()

    type: str


class ToolChoiceSupport(View):
    """Which values of `tool_choice` the endpoint takes."""

    __slots__ = ()

    auto: bool
    none: bool
    required: bool
    function: bool


class WorkloadPerformance(View):
    """What one kind of request met over the last 30 minutes."""

    __slots__ = ()

    latency: PercentileStats | None
    throughput: PercentileStats | None
    request_count: int | None


class PublicEndpoint(View):
    """One provider's offer of one model; lengths in tokens, uptimes in percent.

    `tag` is the provider's slug, with a variant where it has one. `status` 0 is healthy. Latency and
    throughput are None for callers without a key.
    """

    __slots__ = ()

    name: str
    provider_name: ProviderName
    model_id: str
    model_name: str
    tag: str
    context_length: int
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    pricing: PublicPricing
    quantization: Quantization | None
    supported_parameters: list[Parameter]
    supports_implicit_caching: bool
    uptime_last_5m: float | None
    uptime_last_30m: float | None
    uptime_last_1d: float | None
    latency_last_30m: PercentileStats | None
    throughput_last_30m: PercentileStats | None
    status: EndpointStatus | None = None
    service_tier: PublicServiceTier | None = None
    native_tools: dict[str, NativeTools] | None = None
    supports_tool_choice: ToolChoiceSupport | None = None
    supports_diarization: bool | None = None
    supports_voice_cloning: bool | None = None
    supports_image_reference: bool | None = None
    supports_multiple_audio_references: bool | None = None
    perf_last_30m_by_workload: dict[str, WorkloadPerformance | None] | None = None


class Architecture(View):
    """What goes in and comes out of a model, as its list of endpoints states it."""

    __slots__ = ()

    modality: str | None
    input_modalities: list[InputModality]
    output_modalities: list[OutputModality]
    tokenizer: ModelGroup | None
    instruct_type: InstructType | None


class ListEndpointsResponse(View):
    """A model with its endpoints; `created` is Unix seconds."""

    __slots__ = ()

    id: str
    name: str
    created: int
    description: str
    architecture: Architecture
    endpoints: list[PublicEndpoint]
