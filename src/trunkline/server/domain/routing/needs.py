"""What a request needs of an endpoint, read once from its fields (spec gateway 3.3 F8 to F11, S1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from trunkline.server.domain.catalog import vocabulary
from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.routing import plugins
from trunkline.server.errors import BadRequest, Issue

Estimate = Callable[[Mapping[str, msgspec.Raw]], int]
"""Returns about how many tokens the prompt in a request's fields has, as `generation.estimate.prompt_tokens` does."""
SMALL_WINDOW: Final = 8192
"""Windows of up to so many tokens get prompts that are too long shortened, unless the caller objects."""
_PARAMETERS: Final = frozenset(vocabulary.PARAMETERS)
_MODALITIES: Final = {
    "image_url": "image", "input_image": "image", "image": "image",
    "input_audio": "audio", "audio_url": "audio",
    "video_url": "video", "input_video": "video", "video": "video",
}  # fmt: skip
"""The types of content parts that only some models read. Files pass everywhere: a parser makes text of them."""
_MEDIA = re.compile(rb'"(?:' + "|".join(_MODALITIES).encode() + rb')"')
_FORMATS: Final = {"json_schema": "structured_outputs", "json_object": "response_format"}
_DECISIVE: Final = frozenset(
    {"plugins", "reasoning", "reasoning_effort", "response_format", "speed", "tool_choice", "tools", "transforms"}
)
"""Fields that are read for more than their presence."""
_TELLING: Final = _PARAMETERS | _DECISIVE | {"messages"}
"""All that are read here; the counts among them are no part of a kind."""
_SHORT: Final = 512
"""Bytes of such a field; requests with longer ones are not remembered."""
_NULL: Final = 4
_TEXT: Final[frozenset[str]] = frozenset()
_T = TypeVar("_T")


class Needs(Struct, frozen=True, kw_only=True):
    """One request as endpoints must be able to serve it.

    `prompt_tokens` is an estimate, `max_tokens` what the caller asks for; `parameters` are the
    documented ones that are present. `format` is the parameter that the response format takes,
    `tool_choice` its kind (`auto`, `none`, `required`, `function`). `effort` and `pro` are about
    reasoning. `compression`: whether the prompt may be shortened, None where the caller does not say; then it
    is for windows of up to `small_window` tokens.
    """

    surface: Surface = Surface.CHAT
    prompt_tokens: int = 0
    max_tokens: int | None = None
    inputs: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    tools: bool = False
    tool_choice: str | None = None
    format: str | None = None
    verbosity: bool = False
    effort: str | None = None
    pro: bool = False
    service_tier: str | None = None
    fast: bool = False
    compression: bool | None = None
    small_window: int = SMALL_WINDOW

    @property
    def total_tokens(self) -> int:
        """Prompt and requested completion together."""
        return self.prompt_tokens + (self.max_tokens or 0)


def read(request: GenerationRequest, estimate: Estimate, *, small_window: int = SMALL_WINDOW) -> Needs:
    """Read the needs of a request whose `messages`, `prompt` or `input` are there.

    Raises `BadRequest` where a field that decides the routing is of the wrong type, or names an unknown plugin.
    """
    return counted(kind(request, small_window), request, estimate)


def counted(kind: Needs, request: GenerationRequest, estimate: Estimate) -> Needs:
    """Return the needs of a request of a kind, with its counts. Raises `BadRequest` where one is no number."""
    fields = request.fields
    most = _field(fields, "max_completion_tokens", _COUNT) or _field(fields, "max_tokens", _COUNT)
    return msgspec.structs.replace(kind, prompt_tokens=estimate(fields), max_tokens=most)


def signature(request: GenerationRequest) -> tuple[object, ...] | None:
    """Return what is equal for requests of one kind only; None where it would be too long to remember.

    Of fields that nobody here reads there is nothing in it: callers may send as many as they like, of any length.
    """
    fields = request.fields
    named: Iterable[str] = fields.keys() & _TELLING
    if _NULL in map(len, fields.values()):
        named = [name for name in named if request.has(name)]
    known = frozenset(named)
    if known.isdisjoint(_DECISIVE):
        return (request.surface, request.service_tier, inputs(request), known)
    stated = [(name, bytes(fields[name])) for name in sorted(known & _DECISIVE)]
    if any(len(value) > _SHORT for _, value in stated):
        return None
    return (request.surface, request.service_tier, inputs(request), known, *stated)


def kind(request: GenerationRequest, small_window: int = SMALL_WINDOW) -> Needs:
    """Return what a request needs but for its counts, which its `signature` decides. Raises like `read`."""
    fields = request.fields
    compression = plugins.compression(request)
    present = frozenset(name for name in fields if name in _PARAMETERS and request.has(name))
    effort, pro = _reasoning(request)
    choice = _tool_choice(request)
    form = _field(fields, "response_format", _FORM)
    return Needs(
        surface=request.surface,
        inputs=inputs(request),
        parameters=present,
        tools="tools" in present and bytes(fields["tools"]).strip() != b"[]",
        tool_choice=choice,
        format=None if form is None or form.type in {None, "text"} else _FORMATS.get(str(form.type), "response_format"),
        verbosity="verbosity" in present,
        effort=effort,
        pro=pro,
        service_tier=request.service_tier,
        fast=_field(fields, "speed", _WORD) == "fast",
        compression=compression if request.has("messages") else False,
        small_window=small_window,
    )


class _Typed(Struct):
    type: str | None = None


class _Reasoning(Struct):
    effort: str | None = None
    enabled: bool | None = None
    max_tokens: int | None = None
    mode: str | None = None


class _Message(Struct):
    content: Any = None


_MESSAGES = msgspec.json.Decoder(list[_Message])
_COUNT: Final[msgspec.json.Decoder[int | None]] = msgspec.json.Decoder(int | None)
_WORD: Final[msgspec.json.Decoder[str | None]] = msgspec.json.Decoder(str | None)
_FORM: Final[msgspec.json.Decoder[_Typed | None]] = msgspec.json.Decoder(_Typed | None)
_THOUGHT: Final[msgspec.json.Decoder[_Reasoning | None]] = msgspec.json.Decoder(_Reasoning | None)


def _field(fields: Mapping[str, msgspec.Raw], name: str, decoder: msgspec.json.Decoder[_T]) -> _T | None:
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise BadRequest(issues=[Issue(name, str(error).partition(" - at ")[0])]) from None


def _reasoning(request: GenerationRequest) -> tuple[str | None, bool]:
    """Return the effort asked for (`none` where reasoning is switched off) and whether the pro mode is."""
    short = _field(request.fields, "reasoning_effort", _WORD)
    stated = _field(request.fields, "reasoning", _THOUGHT)
    if stated is None:
        return short, False
    if stated.effort is not None and short is not None and stated.effort != short:
        raise BadRequest(issues=[Issue("reasoning_effort", "differs from reasoning.effort")])
    off = stated.enabled is False or stated.max_tokens == 0
    return stated.effort or short or ("none" if off else None), stated.mode == "pro"


def _tool_choice(request: GenerationRequest) -> str | None:
    if not request.has("tool_choice"):
        return None
    choice = msgspec.json.decode(request.fields["tool_choice"])
    return choice if isinstance(choice, str) else "function"


def inputs(request: GenerationRequest) -> frozenset[str]:
    """Return the modalities of a prompt that only some models read."""
    raw = request.fields.get("messages", request.fields.get("input"))
    if raw is None or not _MEDIA.search(raw):
        return _TEXT
    try:
        messages = _MESSAGES.decode(raw)
    except msgspec.MsgspecError:
        return _TEXT  # texts to embed; what is wrong with messages is said where they are checked
    return frozenset(
        _MODALITIES[part["type"]]
        for message in messages
        if isinstance(message.content, list)
        for part in message.content
        if isinstance(part, dict) and part.get("type") in _MODALITIES
    )
