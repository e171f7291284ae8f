"""Models as the API shows them, and the answers that hold them."""

from __future__ import annotations

from trunkline.components.pricing import PublicPricing
from trunkline.components.view import View
from trunkline.components.words import (
    InputModality,
    InstructType,
    ModelGroup,
    OutputModality,
    Parameter,
    ReasoningEffort,
)
from trunkline.types.unset import UNSET, OptionalNullable


class ModelArchitecture(View):
    """What goes in and comes out (`modality` sums it up, as in `text+image->text`)."""

    __slots__ = ()

    modality: str | None
    input_modalities: list[InputModality]
    output_modalities: list[OutputModality]
    tokenizer: ModelGroup | None = None
    instruct_type: OptionalNullable[InstructType] = UNSET


class AABenchmarkEntry(View):
    """Indices by Artificial Analysis; None where the model has no score."""

    __slots__ = ()

    intelligence_index: float | None
    coding_index: float | None
    agentic_index: float | None


class DABenchmarkEntry(View):
    """A rank in one arena and category of Design Arena; `win_rate` is in percent, rank 1 is the best."""

    __slots__ = ()

    arena: str
    category: str
    elo: float
    win_rate: float
    rank: int


class ModelBenchmarks(View):
    """How others have rated the model."""

    __slots__ = ()

    design_arena: list[DABenchmarkEntry]
    artificial_analysis: AABenchmarkEntry | None = None


class DefaultParameters(View):
    """What is used for parameters that a request leaves out."""

    __slots__ = ()

    temperature: OptionalNullable[float] = UNSET
    top_p: OptionalNullable[float] = UNSET
    top_k: OptionalNullable[int] = UNSET
    frequency_penalty: OptionalNullable[float] = UNSET
    presence_penalty: OptionalNullable[float] = UNSET
    repetition_penalty: OptionalNullable[float] = UNSET


class ModelLinks(View):
    """`details` is the relative URL of the model's endpoints."""

    __slots__ = ()

    details: str


class PerRequestLimits(View):
    """The most tokens that one request may have."""

    __slots__ = ()

    prompt_tokens: float
    completion_tokens: float


class ModelReasoning(View):
    """How the model reasons; `supported_efforts` is strongest first, None for any effort."""

    __slots__ = ()

    mandatory: bool
    default_enabled: bool | None = None
    default_effort: OptionalNullable[ReasoningEffort] = UNSET
    supported_efforts: OptionalNullable[list[ReasoningEffort | None]] = UNSET
    supports_max_tokens: bool | None = None


class TopProviderInfo(View):
    """What the model's first provider allows; lengths in tokens."""

    __slots__ = ()

    is_moderated: bool
    context_length: OptionalNullable[int] = UNSET
    max_completion_tokens: OptionalNullable[int] = UNSET


class ModelAliasTarget(View):
    """The model that an alias row stands for."""

    __slots__ = ()

    slug: str
    name: str


class Model(View):
    """A model of the catalogue; `created` is Unix seconds, `context_length` tokens, dates are `YYYY-MM-DD`."""

    __slots__ = ()

    id: str
    name: str
    canonical_slug: str
    created: int
    description: str | None = None
    context_length: int | None
    architecture: ModelArchitecture
    pricing: PublicPricing
    top_provider: TopProviderInfo
    supported_parameters: list[Parameter]
    default_parameters: DefaultParameters | None
    per_request_limits: PerRequestLimits | None
    supported_voices: list[str] | None
    links: ModelLinks
    hugging_face_id: OptionalNullable[str] = UNSET
    expiration_date: OptionalNullable[str] = UNSET
    knowledge_cutoff: OptionalNullable[str] = UNSET
    reasoning: ModelReasoning | None = None
    benchmarks: ModelBenchmarks | None = None
    alias_target: ModelAliasTarget | None = None


class ModelResponse(View):
    """One model."""

    __slots__ = ()

    data: Model


class ModelsCountResponseData(View):
    """How many models there are."""

    __slots__ = ()

    count: int


class ModelsCountResponse(View):
    """How many models there are."""

    __slots__ = ()

    data: ModelsCountResponseData


class ModelsListResponseLinks(View):
    """`next` is the relative URL of the next page, None on the last one."""

    __slots__ = ()

    next: str | None


class ModelsListResponse(View):
    """Models; `total_count` counts them before paging. Older servers send `data` alone."""

    __slots__ = ()

    data: list[Model]
    total_count: int | None = None
    links: ModelsListResponseLinks | None = None
