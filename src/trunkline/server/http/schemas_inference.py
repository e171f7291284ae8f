"""The answers of inference, as msgspec types for the OpenAPI document (spec gateway 2.1, 2.2, 2.10)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType


class CostDetails(Struct):
    """List prices in USD."""

    upstream_inference_cost: float | None
    upstream_inference_prompt_cost: float
    upstream_inference_completions_cost: float


class ChatUsage(Struct):
    """Tokens by class, and `cost` in USD: what the account was charged."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]
    completion_tokens_details: dict[str, int]
    cost: float
    is_byok: bool
    cost_details: CostDetails


class ChatChoice(Struct):
    """One answer: `finish_reason` canonical, `native_finish_reason` the provider's own word."""

    index: int
    finish_reason: str | None
    native_finish_reason: str | None
    message: dict[str, Any]
    logprobs: dict[str, Any] | None = None
    error: dict[str, Any] | UnsetType = UNSET


class ChatResult(Struct):
    """A chat completion: which model and provider answered, and what it cost."""

    id: str
    object: str
    created: int
    model: str
    provider: str
    system_fingerprint: str | None
    choices: list[ChatChoice]
    usage: ChatUsage
    service_tier: str | None = None
    openrouter_metadata: dict[str, Any] | UnsetType = UNSET


class TextChoice(Struct):
    """One text."""

    index: int
    finish_reason: str | None
    native_finish_reason: str | None
    text: str


class TextResult(Struct):
    """A text completion."""

    id: str
    object: str
    created: int
    model: str
    provider: str
    choices: list[TextChoice]
    usage: ChatUsage


class Embedding(Struct):
    """One vector: numbers, or base64 of little-endian float32."""

    object: str
    index: int
    embedding: list[float] | str


class EmbeddingsUsage(Struct):
    """Tokens, and `cost` in USD."""

    prompt_tokens: int
    total_tokens: int
    cost: float
    is_byok: bool


class EmbeddingsResult(Struct):
    """Vectors in the order of their inputs."""

    object: str
    data: list[Embedding]
    model: str
    id: str
    usage: EmbeddingsUsage
