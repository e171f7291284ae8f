"""Reads an inference request: its body against the documented bounds, its headers, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from trunkline.server.domain.generation.request import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    NOBODY,
    Attribution,
    GenerationRequest,
    Surface,
)
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.http.request import Request
from trunkline.server.http.surfaces.bodies import ChatBody, CompletionsBody, EmbeddingsBody, InferenceBody, SamplingBody
from trunkline.server.http.surfaces.cache_wish import caching

T = TypeVar("T", bound=InferenceBody)
_CATEGORY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_METADATA = (b"x-openrouter-metadata", b"x-openrouter-experimental-metadata")
_HEADERS = frozenset((b"http-referer", b"x-session-id", b"x-openrouter-cache", *_METADATA))
"""The headers that say something of a request; most requests have none of them."""


def chat(request: Request) -> GenerationRequest:
    """Read a chat completion request. Raises `BadRequest` naming the field."""
    body = request.read(ChatBody)
    if body.messages is None and body.prompt is None:
        raise BadRequest(issues=[Issue("messages", "expected `messages` or `prompt`")])
    for position, message in enumerate(body.messages or ()):
        if message.role == "tool" and not message.tool_call_id:
            raise BadRequest(issues=[Issue(f"messages[{position}].tool_call_id", "expected the id of a tool call")])
    effort = body.reasoning.effort if body.reasoning else None
    if effort and body.reasoning_effort and effort != body.reasoning_effort:
        raise BadRequest(issues=[Issue("reasoning_effort", "expected the same as `reasoning.effort`, or one of them")])
    if "audio" in (body.modalities or ()) and not body.stream:
        raise BadRequest(issues=[Issue("stream", "expected true: audio is only streamed")])
    return _request(CHAT, request, body)


def completions(request: Request) -> GenerationRequest:
    """Read a legacy completion request. Raises `BadRequest` naming the field."""
    return _request(COMPLETIONS, request, request.read(CompletionsBody))


def embeddings(request: Request) -> GenerationRequest:
    """Read an embeddings request. Raises `BadRequest` naming the field."""
    return _request(EMBEDDINGS, request, request.read(EmbeddingsBody))


def attribution(headers: Mapping[bytes, bytes]) -> Attribution:
    """Return the app that a request names (spec gateway 1.1, 5.7).

    No `HTTP-Referer`, no app; a localhost app needs a title. At most two categories, unknown forms dropped.
    """
    if b"http-referer" not in headers:
        return NOBODY
    parts = urlsplit(_text(headers, b"http-referer"))
    title = _text(headers, b"x-openrouter-title") or _text(headers, b"x-title")
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.scheme or not parts.hostname or (local and not title):
        return NOBODY
    named = [part.strip() for part in _text(headers, b"x-openrouter-categories").split(",")]
    categories = [name for name in named if len(name) <= 30 and _CATEGORY.fullmatch(name)][:2]
    return Attribution(f"{parts.scheme}://{parts.netloc}".lower(), title[:200] or None, tuple(categories))


def _request(surface: Surface, request: Request, body: InferenceBody) -> GenerationRequest:
    fields = _FIELDS.decode(request.body)
    listed = ([body.model] if body.model else []) + (body.models or [])
    if not listed:
        raise BadRequest(issues=[Issue("model", "expected the slug of a model")])
    sampling = body if isinstance(body, SamplingBody) else None
    preferences = body.provider or {}
    if sampling is not None and sampling.route is not None and "sort" not in preferences:
        preferences = {**preferences, "sort": {"partition": "model" if sampling.route == "fallback" else "none"}}
    asked = GenerationRequest(
        surface,
        fields,
        tuple(listed) if len(listed) == 1 else tuple(dict.fromkeys(listed)),
        bool(sampling is not None and sampling.stream),
        preferences,
        body.session_id or None,
        body.user,
        sampling.service_tier if sampling is not None else None,
        hides_reasoning=isinstance(body, ChatBody) and _hides_reasoning(body),
        debug=isinstance(body, ChatBody) and (body.debug or {}).get("echo_upstream_body") is True,
    )
    return asked if _HEADERS.isdisjoint(request.headers) else _told(asked, request.headers)


def _told(asked: GenerationRequest, headers: Mapping[bytes, bytes]) -> GenerationRequest:
    """Return a request with what its headers say beside its body. Raises `BadRequest` naming the header."""
    session = asked.session_id or _text(headers, b"x-session-id") or None
    if session is not None and len(session) > 256:
        raise BadRequest(issues=[Issue("x-session-id", "expected at most 256 characters")])
    return structs.replace(
        asked,
        session_id=session,
        attribution=attribution(headers),
        wants_metadata=any(headers.get(name, b"").strip().lower() == b"enabled" for name in _METADATA),
        caching=caching(headers),
    )


def _hides_reasoning(body: ChatBody) -> bool:
    return body.include_reasoning is False or (body.reasoning is not None and body.reasoning.exclude is True)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("utf-8", "replace").strip()
