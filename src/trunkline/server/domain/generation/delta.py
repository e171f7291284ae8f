"""What a provider sends back, as one normalised stream of events whatever its dialect (spec gateway 7)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.fault import Fault
from trunkline.server.domain.generation.usage import Usage


class Started(Struct, frozen=True, tag="started"):
    """The upstream has begun: its own id, model name, and the service tier that it says it serves."""

    upstream_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None


class Delta(Struct, frozen=True, omit_defaults=True, tag="delta"):
    """A piece of the answer of one choice, in the shape of a chat completion chunk's `delta`.

    `tool_calls` are fragments as they came: `{index, id?, type?, function: {name?, arguments?}}`,
    unmerged and in order. `reasoning_details` as in spec 2.4. `logprobs` is the choice's, as it came.
    """

    content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    refusal: str | None = None
    images: list[dict[str, Any]] | None = None
    audio: dict[str, Any] | None = None
    annotations: list[dict[str, Any]] | None = None
    logprobs: msgspec.Raw | None = None
    index: int = 0

    @property
    def is_token(self) -> bool:
        """Whether there is anything in it: role-only and empty deltas are no tokens (spec 2.3)."""
        return bool(
            self.content
            or self.reasoning
            or self.reasoning_details
            or self.tool_calls
            or self.refusal
            or self.images
            or self.audio
            or self.annotations
        )


class Finished(Struct, frozen=True, tag="finished"):
    """The answer of a choice has ended: `reason` canonical (None: the upstream gave none), `native` as it came."""

    reason: str | None
    native: str | None = None
    index: int = 0


class Used(Struct, frozen=True, tag="used"):
    """Usage as the upstream reports it; the last one counts."""

    usage: Usage


class Failed(Struct, frozen=True, kw_only=True, tag="failed"):
    """The attempt has failed; nothing follows."""

    fault: Fault


class Vector(Struct, frozen=True, kw_only=True, tag="vector"):
    """One embedding: numbers, or base64 of little-endian float32 where that was asked for."""

    index: int
    embedding: msgspec.Raw


Event = Started | Delta | Finished | Used | Failed | Vector
"""In order: Started?, Delta*, Finished?, Used?, and Failed last where the attempt failed."""


def is_shown(event: Event) -> bool:
    """Tell whether an event is the first that can be shown of an answer: no other attempt may follow it."""
    return event.is_token if isinstance(event, Delta) else isinstance(event, Finished | Vector)
