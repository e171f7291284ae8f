"""What inference bodies may hold, as msgspec types: bounds of the fields we read; all others pass as they are.

Null counts as absent and unknown fields are never an error (spec gateway 1.2).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Slug = Annotated[str, Meta(min_length=1, max_length=256)]
Text256 = Annotated[str, Meta(max_length=256)]
Effort = Literal["max", "xhigh", "high", "medium", "low", "minimal", "none"]
Share = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Tokens = Annotated[int, Meta(ge=1)]


class Message(Struct):
    """One message; its content is forwarded as it is."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class Reasoning(Struct):
    """How much to reason."""

    effort: Effort | None = None
    max_tokens: Tokens | None = None
    exclude: bool | None = None
    enabled: bool | None = None


class ResponseFormat(Struct):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema", "grammar", "python"]


class Plugin(Struct):
    """Something to be done with the request or the answer: `context-compression` is, all others change nothing here."""

    id: str
    enabled: bool | None = None


class InferenceBody(Struct, kw_only=True):
    """Fields that all inference surfaces share."""

    model: Slug | None = None
    models: list[Slug] | None = None
    provider: dict[str, Any] | None = None
    user: Text256 | None = None
    session_id: Text256 | None = None


class SamplingBody(InferenceBody, kw_only=True):
    """Fields of surfaces that generate text, with their documented bounds."""

    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0)] | None = None
    min_p: Share | None = None
    top_a: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    seed: int | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    logprobs: bool | int | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    service_tier: Literal["auto", "default", "flex", "priority", "fast", "scale", "ultrafast"] | None = None
    route: Literal["fallback", "sort"] | None = None
    transforms: list[Literal["middle-out"]] | None = None
    plugins: list[Plugin] | None = None
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None


class ChatBody(SamplingBody, kw_only=True):
    """The body of `POST /chat/completions`: `messages` or `prompt`."""

    messages: Annotated[list[Message], Meta(min_length=1)] | None = None
    prompt: str | None = None
    reasoning: Reasoning | None = None
    reasoning_effort: Effort | None = None
    include_reasoning: bool | None = None
    response_format: ResponseFormat | None = None
    tools: list[dict[str, Any]] | None = None
    modalities: list[Literal["text", "image", "audio"]] | None = None
    debug: dict[str, Any] | None = None


class CompletionsBody(SamplingBody, kw_only=True):
    """The body of the legacy `POST /completions`."""

    prompt: str | Annotated[list[str], Meta(min_length=1, max_length=1)]


class EmbeddingsBody(InferenceBody, kw_only=True):
    """The body of `POST /embeddings`."""

    input: str | Annotated[list[str | int | list[int] | dict[str, Any]], Meta(min_length=1)]
    dimensions: Tokens | None = None
    encoding_format: Literal["float", "base64"] | None = None
    input_type: str | None = None
