"""The tables `[providers.NAME]` and `[[endpoints]]`: who can be called, with what, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS: Final = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade"})
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Secret:
    """A text that may name variables as `${NAME}`; it is shown nowhere, whatever it is printed with."""

    __slots__ = ("_value", "missing", "shown")

    def __init__(self, text: str, environ: Mapping[str, str]) -> None:
        """Take the text with its variables replaced; an empty variable counts as absent. Raises `ValueError`."""
        if not text.strip():
            raise ValueError("expected a text that is not empty")
        names = _VARIABLE.findall(text)
        self.missing: tuple[str, ...] = tuple(name for name in names if not environ.get(name))
        # A text that is nothing but a variable's name gives nothing away.
        self.shown = text if _VARIABLE.fullmatch(text) else "***"
        if self.missing:
            self.shown += f" ({', '.join(self.missing)} not set)"
        self._value = None if self.missing else _VARIABLE.sub(lambda found: environ[found[1]], text)
        if self._value is not None and not (self._value.isascii() and self._value.isprintable()):
            raise ValueError("expected printable ASCII characters")

    def reveal(self) -> str | None:
        """Return the text itself, None while a variable that it names is not set."""
        return self._value

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Secret({self.shown})"


class DataPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of prompts; what is not stated counts as the worse."""

    training: bool | None = None
    retains: bool | None = None
    retention_days: Annotated[int, Meta(ge=0)] | None = None
    publishes: bool | None = None
    zdr: Literal["none", "safety", "strict"] | None = None


Seconds = Annotated[float, Meta(gt=0, le=86400)]


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seconds of waiting; None leaves it at the built-in limit."""

    connect: Seconds | None = None
    first_byte: Seconds | None = None
    first_byte_slow: Seconds | None = None
    """For reasoning models, and for answers that are not streamed."""
    idle: Seconds | None = None


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Someone who serves models. Without `base_url` it is a provider of the catalogue, called where that says."""

    base_url: Annotated[str, Meta(pattern="^https?://[^/]")] | None = None
    dialect: Literal["openai", "anthropic", "gemini"] | None = None
    api_key: Secret | None = None
    """Absent: called without a key; a provider of the catalogue takes its usual variable's."""
    name: str | None = None
    data_policy: DataPolicy | None = None
    regions: tuple[str, ...] | None = None
    headers: dict[str, Secret] = {}
    timeouts: Timeouts = Timeouts()
    completions: bool = False
    """Whether it serves `/completions` as well; otherwise a bare prompt is sent as one user message."""
    drop_fields: tuple[str, ...] = ()
    """Fields of requests that it refuses."""
    enabled: bool = True


class EndpointSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One offer of one model. From `name` on: what the model is, where the catalogue does not know it."""

    model: str
    provider: str
    upstream_model: str | None = None
    tag: str | None = None
    pricing: dict[str, str | float | list[dict[str, Any]]] | None = None
    data_policy: DataPolicy | None = None
    regions: tuple[str, ...] | None = None
    context_length: Annotated[int, Meta(ge=0)] | None = None
    max_prompt_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    quantization: str | None = None
    supported_parameters: tuple[str, ...] | None = None
    service_tier: str | None = None
    private_to: tuple[str, ...] | None = None
    name: str | None = None
    description: str | None = None
    created: int | str | None = None
    input_modalities: tuple[str, ...] | None = None
    output_modalities: tuple[str, ...] | None = None


def fault_of(slug: str, settings: ProviderSettings) -> str | None:
    """Return what is wrong with a provider's table beyond its types, None where nothing is."""
    if not _SLUG.fullmatch(slug):
        return "a provider's name is written in a-z, 0-9 and hyphens"
    for name in settings.headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
            return f"headers.{name} is not a header that can be set"
    if settings.base_url is not None and re.search(r"[\s@?#\\]", settings.base_url):
        return "base_url is scheme, host, port and path; keys belong into api_key or headers"
    return None
