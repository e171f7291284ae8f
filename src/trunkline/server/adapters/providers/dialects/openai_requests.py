"""Writes requests for OpenAI-compatible servers: the caller's own JSON, apart from the few fields named here.

What is forwarded keeps its key order and the text of its numbers; fields that we have never heard of are forwarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers.dialects import openai_reasoning
from trunkline.server.adapters.providers.dialects.dialect import UNREADABLE, Addressee, Encoded
from trunkline.server.adapters.providers.quirks import NONE, Quirk
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.request import EMBEDDINGS

Raw = msgspec.Raw
Fields = dict[str, bytes]

ROUTER_FIELDS: Final = frozenset({
    "models", "route", "provider", "plugins", "transforms", "preset", "session_id", "trace", "debug", "usage",
    "stream_options", "stop_server_tools_when", "max_tool_calls", "metadata", "service_tier", "speed", "user",
})  # fmt: skip
"""Never forwarded as they came (spec gateway 1.2)."""
PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    name: frozenset({name, *others})
    for name, others in (
        ("temperature", ()), ("top_p", ()), ("top_k", ()), ("min_p", ()), ("top_a", ()), ("seed", ()), ("stop", ()),
        ("frequency_penalty", ()), ("presence_penalty", ()), ("repetition_penalty", ()), ("logit_bias", ()),
        ("logprobs", ()), ("top_logprobs", ()), ("prediction", ()), ("verbosity", ()),
        ("tools", ()), ("tool_choice", ()), ("parallel_tool_calls", ("tools",)),
        ("response_format", ("structured_outputs",)), ("structured_outputs", ("response_format",)),
        ("reasoning", ("reasoning_effort", "include_reasoning")), ("include_reasoning", ("reasoning",)),
        ("reasoning_effort", ("reasoning",)), ("web_search_options", ()),
    )
}  # fmt: skip
"""Parameters that are left out where the endpoint declares what it takes and names none of these.

`max_tokens` is not among them: a limit that is dropped costs the caller money.
"""
_OLDER, _NEWER = "max_tokens", "max_completion_tokens"
LIMITS: Final = frozenset({_OLDER, _NEWER})
_LEGACY: Final = frozenset({"prompt", "suffix", "echo", "best_of"})
_CACHE: Final = "cache_control"
_BASIC: Final = frozenset({"model", "messages", "prompt", "input", "stream"})
_KEYS: Final = {name: msgspec.json.encode(name) + b":" for name in (*PARAMETERS, *LIMITS, *ROUTER_FIELDS, *_BASIC, "n")}
"""The fields that are usual, as members of an object begin with them."""


def encode(attempt: Attempt, to: Addressee) -> Encoded:
    """Return the request for an attempt."""
    request, quirk, names = attempt.request, to.quirk, to.names
    source: Mapping[str, Raw | None] = {**request.fields, **attempt.changes} if attempt.changes else request.fields
    body: Fields = {"model": b""} if "model" not in source else {}
    for name, value in source.items():
        if value is None:
            continue
        sent = names[name] if name in names else _name(name, attempt, to)
        if sent is not None:
            body[sent] = bytes(value)
    body["model"] = msgspec.json.encode(to.model)
    path = "/embeddings"
    if request.surface is not EMBEDDINGS:
        path = _conversation(to, body)
        if _NEWER in body and _OLDER in body:
            # Whichever an upstream heeds: the newer counts, as routing and limits have reckoned (spec gateway 1.1).
            body[_OLDER] = body[_NEWER] = body[_OLDER] if body[_NEWER] == b"null" else body[_NEWER]
        if quirk is not NONE:
            _translate(attempt, body, quirk, attempt.endpoint.wire.get("supported_parameters") or ())
        _drop_breakpoints(attempt, body, quirk)
        if request.stream and "stream_options" not in quirk.drop:
            body["stream_options"] = b'{"include_usage":true}'
    if "user" not in quirk.drop:
        body["user"] = msgspec.json.encode(to.user)
    if "options" in request.preferences:
        _add_options(attempt, body)
    return Encoded(path, _object(body))


def _name(name: str, attempt: Attempt, to: Addressee) -> str | None:
    """Return under which name a field is sent, None where it is not; remembers those that we know."""
    needs = PARAMETERS.get(name)
    left_out = name in ROUTER_FIELDS or name in to.quirk.drop
    sent = None if left_out or (needs and attempt.endpoint.refuses(*needs)) else to.quirk.rename.get(name, name)
    if name in _KEYS:
        to.names[name] = sent
    return sent


def _conversation(to: Addressee, body: Fields) -> str:
    """Return the path; a bare prompt becomes one user message where the upstream only knows conversations."""
    if "prompt" not in body or "messages" in body:
        return "/chat/completions"
    if to.completions:
        return "/completions"
    turned: Fields = {}
    for name, value in body.items():
        if name == "prompt":
            turned["messages"] = b'[{"role":"user","content":' + value + b"}]"
        elif name == "logprobs" and value.isdigit():  # a number there, a switch and a number here
            turned |= {"logprobs": b"true", "top_logprobs": value}
        elif name not in _LEGACY:
            turned[name] = value
    body.clear()
    body.update(turned)
    return "/chat/completions"


def _translate(attempt: Attempt, body: Fields, quirk: Quirk, declared: Iterable[str]) -> None:
    openai_reasoning.translate(body, quirk)
    _name_limit(body, quirk, declared)
    for name, value in quirk.add.items():
        if name not in body:
            body[name] = msgspec.json.encode(value)
    if quirk.tiers and isinstance(tier := attempt.endpoint.wire.get("service_tier"), str):
        body["service_tier"] = msgspec.json.encode(tier)


def _drop_breakpoints(attempt: Attempt, body: Fields, quirk: Quirk) -> None:
    # Those that speak for Anthropic's models take its breakpoints; others refuse the field.
    if not quirk.cache_control and not attempt.endpoint.key.startswith("anthropic/"):
        body.pop(_CACHE, None)
        for name in ("messages", "tools"):
            if name in body and b'"cache_control"' in body[name]:
                body[name] = _without_breakpoints(body[name])


def _name_limit(body: Fields, quirk: Quirk, declared: Iterable[str]) -> None:
    """Say the answer's limit under the name that the provider knows; where there are two they are the same."""
    if quirk.limit is not None and not LIMITS.isdisjoint(body):
        older, newer = body.pop(_OLDER, b"null"), body.pop(_NEWER, None)
        body[quirk.limit] = newer or older
    elif quirk.completion_limit and "reasoning" in declared and _OLDER in body:
        body[_NEWER] = body.pop(_OLDER)


def _without_breakpoints(rows: bytes) -> bytes:
    """Return messages or tools without `cache_control`, on them and on the parts of their content."""
    try:
        return _array(_stripped(row) for row in msgspec.json.decode(rows, type=list[Raw]))
    except UNREADABLE:
        return rows


def _stripped(row: Raw) -> bytes:
    if not bytes(row).startswith(b"{"):
        return bytes(row)
    fields = {name: bytes(value) for name, value in msgspec.json.decode(row, type=dict[str, Raw]).items()}
    fields.pop(_CACHE, None)
    if fields.get("content", b"").startswith(b"["):
        fields["content"] = _array(_stripped(part) for part in msgspec.json.decode(fields["content"], type=list[Raw]))
    return _object(fields)


def _add_options(attempt: Attempt, body: Fields) -> None:
    """Add `provider.options` of the provider that serves; what the request says itself is not overridden."""
    options = attempt.request.preferences.get("options")
    mine: Any = options.get(attempt.endpoint.provider) if isinstance(options, dict) else None
    for name, value in mine.items() if isinstance(mine, dict) else ():
        if isinstance(name, str) and name not in body and name not in ROUTER_FIELDS and name not in _BASIC:
            body[name] = msgspec.json.encode(value)


def _object(fields: Mapping[str, bytes]) -> bytes:
    members = [(_KEYS.get(name) or msgspec.json.encode(name) + b":") + value for name, value in fields.items()]
    return b"{" + b",".join(members) + b"}"


def _array(values: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(values) + b"]"
