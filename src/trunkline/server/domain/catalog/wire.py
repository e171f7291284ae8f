"""The API's catalogue objects as msgspec types: they check rows, index them and describe them in OpenAPI.

Decoding through these types drops unknown fields, so rows are served as their source's own JSON
and these are only looked through (spec section 2). Word lists are open: rows may hold new words.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from trunkline.server.domain.catalog import pricing, vocabulary


def _open(values: tuple[object, ...]) -> dict[str, object]:
    return {"x-extensible-enum": list(values)}


Price = Annotated[
    str,
    Meta(
        # Python's `$` also matches before a last line feed, which JSON Schema's does not.
        pattern=r"^(-1|[0-9]{1,40}(\.[0-9]{1,40})?)(?!\n)$",
        description='USD per unit in plain decimal notation; "0" is free, "-1" is unknown or decided per request.',
        examples=["0.00003"],
    ),
]
Parameter = Annotated[str, Meta(extra_json_schema=_open(vocabulary.PARAMETERS), examples=["temperature"])]
Effort = Annotated[str, Meta(extra_json_schema=_open(vocabulary.REASONING_EFFORTS), examples=["medium"])]
InputModality = Annotated[str, Meta(extra_json_schema=_open(vocabulary.INPUT_MODALITIES), examples=["text"])]
OutputModality = Annotated[str, Meta(extra_json_schema=_open(vocabulary.OUTPUT_MODALITIES), examples=["text"])]
Tokenizer = Annotated[str, Meta(extra_json_schema=_open(vocabulary.MODEL_GROUPS), examples=["GPT"])]
InstructType = Annotated[str, Meta(extra_json_schema=_open(vocabulary.INSTRUCT_TYPES), examples=["chatml"])]
Hhmm = Annotated[int, Meta(ge=0, le=2400, description="UTC time of day as HHMM, for example 1630.")]
Count = Annotated[int, Meta(ge=0)]


class PriceOverride(Struct, frozen=True):
    """Prices that hold under all of the stated conditions; later entries win, absent prices inherit."""

    min_prompt_tokens: int | UnsetType = UNSET
    utc_start: Hhmm | UnsetType = UNSET
    utc_end: Hhmm | UnsetType = UNSET
    utc_days: list[str] | UnsetType = UNSET
    prompt: Price | UnsetType = UNSET
    completion: Price | UnsetType = UNSET
    audio: Price | UnsetType = UNSET
    input_audio_cache: Price | UnsetType = UNSET
    input_cache_read: Price | UnsetType = UNSET
    input_cache_write: Price | UnsetType = UNSET
    input_cache_write_1h: Price | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse times and days that name no time: a price that silently never holds is a wrong price."""
        for time in (self.utc_start, self.utc_end):
            if time is not UNSET and time % 100 > 59:
                raise ValueError(f"{time} is no time of day as HHMM")
        for day in self.utc_days or ():
            if pricing.weekday(day) is None:
                raise ValueError(f"{day[:40]!r} is no weekday")


class PublicPricing(Struct, frozen=True):
    """Prices in USD per token, request, image or search, already discounted; the top level is the price now."""

    prompt: Price
    completion: Price
    request: Price | UnsetType = UNSET
    image: Price | UnsetType = UNSET
    image_token: Price | UnsetType = UNSET
    image_output: Price | UnsetType = UNSET
    audio: Price | UnsetType = UNSET
    audio_output: Price | UnsetType = UNSET
    input_audio_cache: Price | UnsetType = UNSET
    input_cache_read: Price | UnsetType = UNSET
    input_cache_write: Price | UnsetType = UNSET
    input_cache_write_1h: Price | UnsetType = UNSET
    internal_reasoning: Price | UnsetType = UNSET
    web_search: Price | UnsetType = UNSET
    discount: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    overrides: list[PriceOverride] | UnsetType = UNSET


class ModelArchitecture(Struct, frozen=True):
    """What goes in, what comes out, and the tokenizer family."""

    modality: str | None
    input_modalities: list[InputModality]
    output_modalities: list[OutputModality]
    tokenizer: Tokenizer | None | UnsetType = UNSET
    instruct_type: InstructType | None | UnsetType = UNSET


class TopProviderInfo(Struct, frozen=True):
    """Limits (tokens) of the provider that the listed price belongs to."""

    is_moderated: bool
    context_length: int | None | UnsetType = UNSET
    max_completion_tokens: int | None | UnsetType = UNSET


class PerRequestLimits(Struct, frozen=True):
    """Tokens per request."""

    prompt_tokens: float
    completion_tokens: float


class DefaultParameters(Struct, frozen=True):
    """Sampling parameters used when a request names none."""

    temperature: float | None | UnsetType = UNSET
    top_p: float | None | UnsetType = UNSET
    top_k: int | None | UnsetType = UNSET
    frequency_penalty: float | None | UnsetType = UNSET
    presence_penalty: float | None | UnsetType = UNSET
    repetition_penalty: float | None | UnsetType = UNSET


class ModelLinks(Struct, frozen=True):
    """`details` is the relative URL of the model's endpoints."""

    details: str


class AliasTarget(Struct, frozen=True):
    """The concrete model behind a `~author/family-latest` row."""

    slug: str
    name: str


class ArtificialAnalysis(Struct, frozen=True):
    """Artificial Analysis index scores."""

    intelligence_index: float | None
    coding_index: float | None
    agentic_index: float | None


class DesignArena(Struct, frozen=True):
    """One Design Arena result: `rank` 1 is best, `win_rate` in percent."""

    arena: str
    category: str
    elo: float
    win_rate: float
    rank: int


class ModelBenchmarks(Struct, frozen=True):
    """Third-party benchmark results; absent where there are none."""

    design_arena: list[DesignArena]
    artificial_analysis: ArtificialAnalysis | UnsetType = UNSET


class ModelReasoning(Struct, frozen=True):
    """How reasoning is switched; absent for models that do not reason."""

    mandatory: bool
    default_enabled: bool | UnsetType = UNSET
    default_effort: Effort | None | UnsetType = UNSET
    supported_efforts: list[Effort | None] | None | UnsetType = UNSET
    supports_max_tokens: bool | UnsetType = UNSET


class Model(Struct, frozen=True):
    """One model of the catalogue (spec 2.2)."""

    id: str
    canonical_slug: str
    name: str
    created: Annotated[int, Meta(description="Unix seconds.")]
    pricing: PublicPricing
    context_length: int | None
    architecture: ModelArchitecture
    top_provider: TopProviderInfo
    per_request_limits: PerRequestLimits | None
    supported_parameters: list[Parameter]
    default_parameters: DefaultParameters | None
    supported_voices: list[str] | None
    links: ModelLinks
    description: str | None | UnsetType = UNSET
    hugging_face_id: str | None | UnsetType = UNSET
    expiration_date: str | None | UnsetType = UNSET
    knowledge_cutoff: str | None | UnsetType = UNSET
    benchmarks: ModelBenchmarks | UnsetType = UNSET
    reasoning: ModelReasoning | UnsetType = UNSET
    alias_target: AliasTarget | UnsetType = UNSET
