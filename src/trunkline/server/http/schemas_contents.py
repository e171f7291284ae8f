"""What calls said, as msgspec types for the OpenAPI document (spec gateway 5.4)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType


class GenerationInput(Struct):
    """What was sent to the provider: a chat's messages, or the text that was to be completed."""

    messages: list[Any] | UnsetType = UNSET
    prompt: str | UnsetType = UNSET


class GenerationOutput(Struct):
    """What the caller got, of a stream as far as it heard it."""

    completion: str | None
    reasoning: str | None


class PreviousError(Struct):
    """How one attempt failed; `raw` is null, for bodies of providers are kept nowhere."""

    code: int
    message: str
    provider_name: str | None
    raw: str | None


class GenerationContentError(Struct):
    """How a call failed, as its caller was told, and the attempts that did."""

    status: int | None
    message: str | None
    provider_name: str | None
    raw: str | None
    previous_errors: list[PreviousError] | None


class GenerationContent(Struct):
    """What a call said and was answered."""

    input: GenerationInput
    output: GenerationOutput
    error: GenerationContentError | None


class GenerationContentResponse(Struct):
    """What one generation said."""

    data: GenerationContent
