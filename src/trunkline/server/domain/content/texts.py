"""Which texts a request holds, surface by surface, and how they are replaced: all else stays as the caller wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from trunkline.server.domain.generation.request import GenerationRequest, Raw, Surface

USER: Final = "user"
_SKIPPED: Final = frozenset(
    ("role", "type", "id", "tool_call_id", "call_id", "url", "data", "file_data", "file_id", "format", "signature")
)
"""Members of messages that name things or hold media: no text that a model reads."""
_ARGUMENTS: Final = "arguments"
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Inspect(Protocol):
    """Looks at one text and returns it as it may pass; `user`: it is a user's."""

    def __call__(self, text: str, *, user: bool) -> str: ...


class Unreadable(Exception):
    """The request holds token ids in place of text."""


def inspected(request: GenerationRequest, inspect: Inspect) -> GenerationRequest:
    """Return a request as it may pass: itself where nothing was replaced. Raises `Unreadable`, and what `inspect` does.

    Messages that hold nothing to replace keep their bytes.
    """
    changed: dict[str, Raw] = {}
    for name, read in _FIELDS[request.surface].items():
        if request.has(name):
            raw = request.fields[name]
            made = read(raw, inspect)
            if made is not raw:
                changed[name] = made
    return msgspec.structs.replace(request, fields={**request.fields, **changed}) if changed else request


def size(request: GenerationRequest) -> int:
    """Return how many bytes of a request are to be looked through."""
    return sum(len(bytes(request.fields[name])) for name in _FIELDS[request.surface] if name in request.fields)


def _messages(raw: Raw, inspect: Inspect) -> Raw:
    items = _ITEMS.decode(raw)
    made = [_message(item, inspect) for item in items]
    if all(new is old for new, old in zip(made, items, strict=True)):
        return raw
    return Raw(b"[%b]" % b",".join(bytes(item) for item in made))


def _message(raw: Raw, inspect: Inspect) -> Raw:
    message = msgspec.json.decode(raw)
    user = isinstance(message, dict) and message.get("role") == USER
    made = _walked(message, inspect, user)
    return raw if made is message else Raw(msgspec.json.encode(made))


def _prompt(raw: Raw, inspect: Inspect) -> Raw:
    value = msgspec.json.decode(raw)
    if isinstance(value, list) and any(isinstance(item, int | list) for item in value):
        raise Unreadable
    made = _walked(value, inspect, user=True)
    return raw if made is value else Raw(msgspec.json.encode(made))


def _walked(value: Any, inspect: Inspect, user: bool) -> Any:
    """Return a value with its texts as they may pass: itself where none was replaced."""
    if isinstance(value, str):
        return inspect(value, user=user)
    if isinstance(value, list):
        made = [_walked(item, inspect, user) for item in value]
        return made if any(new is not old for new, old in zip(made, value, strict=True)) else value
    if not isinstance(value, dict):
        return value
    changed = {name: _member(name, item, inspect, user) for name, item in value.items() if name not in _SKIPPED}
    return value | changed if any(new is not value[name] for name, new in changed.items()) else value


def _member(name: str, value: Any, inspect: Inspect, user: bool) -> Any:
    if name != _ARGUMENTS:
        return _walked(value, inspect, user)
    # Some clients and servers have the object itself in place of its text.
    return arguments(value, inspect, user=user) if isinstance(value, str) else _numbers(value, inspect, user)


def arguments(text: str, inspect: Inspect, *, user: bool) -> str:
    """Look through a tool call's arguments, which are JSON in a text and stay that. Raises what `inspect` does."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return inspect(text, user=user)
    made = _numbers(value, inspect, user)
    return text if made is value else msgspec.json.encode(made).decode()


def _numbers(value: Any, inspect: Inspect, user: bool) -> Any:
    # Every value counts here, whatever its name; a number that is found becomes the label.
    if isinstance(value, dict):
        changed = {name: _numbers(item, inspect, user) for name, item in value.items()}
        return changed if any(changed[name] is not item for name, item in value.items()) else value
    if isinstance(value, list):
        made = [_numbers(item, inspect, user) for item in value]
        return made if any(new is not old for new, old in zip(made, value, strict=True)) else value
    if isinstance(value, bool) or value is None:
        return value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    passed = inspect(text, user=user)
    return value if passed is text else passed


Read = Callable[[Raw, Inspect], Raw]
_FIELDS: Final[Mapping[Surface, Mapping[str, Read]]] = {
    Surface.CHAT: {"messages": _messages, "prompt": _prompt, "prediction": _prompt},
    Surface.COMPLETIONS: {"prompt": _prompt, "suffix": _prompt},
    Surface.EMBEDDINGS: {"input": _prompt},
}
"""A row for every surface: the fields whose texts a model reads."""
