"""Counts tokens where nobody else has: a prompt before it is sent, an answer whose upstream counted nothing.

The rule is a quarter of the characters, 4 for each message and 1000 for each image (spec gateway 3.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.delta import Delta

CHARACTERS_PER_TOKEN: Final = 4
TOKENS_PER_MESSAGE: Final = 4
TOKENS_PER_IMAGE: Final = 1000

_TEXTS: Final = ("text", "refusal", "reasoning", "thinking")
"""Members of messages and of their parts that hold text which the model reads, beside `content`."""
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)


class _Message(Struct, gc=False):
    content: Any = None
    tool_calls: msgspec.Raw | None = None


_MESSAGES: Final = msgspec.json.Decoder(list[_Message])


def tokens(characters: int) -> int:
    """Return about how many tokens so many characters of text are, rounded up."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def prompt_tokens(fields: Mapping[str, msgspec.Raw]) -> int:
    """Return about how many tokens a request's prompt is: its messages, `prompt` or `input`, and its tools.

    `fields` are a request's top-level fields as raw JSON; what cannot be read counts by its length.
    """
    characters, count = 0, 0
    for name in ("messages", "prompt", "input", "system"):
        if name in fields:
            if name == "messages" and (plain := _plain(fields[name])) is not None:
                characters, count = plain
                continue
            try:
                value = msgspec.json.decode(fields[name])
            except _UNREADABLE:
                characters += len(bytes(fields[name]))
                continue
            more, extra = _measure(value)
            characters, count = characters + more, count + extra
    for name in ("tools", "response_format"):
        if name in fields:
            characters += len(bytes(fields[name]))
    return tokens(characters) + count


def changed(fields: Mapping[str, msgspec.Raw], changes: Mapping[str, msgspec.Raw | None]) -> Mapping[str, msgspec.Raw]:
    """Return a request's fields as an endpoint gets them: what is changed to None is not sent."""
    if not changes:
        return fields
    return {name: raw for name, raw in {**fields, **changes}.items() if raw is not None}


def message_tokens(message: dict[str, Any]) -> int:
    """Return about how many tokens of a prompt one message is."""
    characters, count = _measure([message])
    return tokens(characters) + count


class OutputTally:
    """Counts what one answer has produced so far, from its deltas."""

    __slots__ = ("_characters", "_images")

    def __init__(self) -> None:
        self._characters = 0
        self._images = 0

    def add(self, delta: Delta) -> None:
        """Count one more delta."""
        if delta.content:
            self._characters += len(delta.content)
        if delta.reasoning:
            self._characters += len(delta.reasoning)
        if delta.refusal:
            self._characters += len(delta.refusal)
        for call in delta.tool_calls or ():
            function = call.get("function")
            if isinstance(function, dict):
                self._characters += sum(len(part) for part in function.values() if isinstance(part, str))
        if delta.images:
            self._images += len(delta.images)

    @property
    def tokens(self) -> int:
        """About how many completion tokens that is."""
        return tokens(self._characters) + self._images * TOKENS_PER_IMAGE


def _plain(messages: msgspec.Raw) -> tuple[int, int] | None:
    """Measure messages of text alone, as most are, without making objects of all that is in them; None for others."""
    try:
        listed = _MESSAGES.decode(messages)
    except _UNREADABLE:  # a `ValidationError` is a `DecodeError`
        return None
    characters = 0
    for message in listed:
        text = message.content
        if type(text) is not str or message.tool_calls is not None:
            return None
        characters += len(text)
    return characters, TOKENS_PER_MESSAGE * len(listed)


def _measure(value: Any) -> tuple[int, int]:
    """Return the characters of a prompt's text, and the tokens that are counted apart from text."""
    if isinstance(value, str):
        return len(value), 0
    characters, count = 0, 0
    for item in value if isinstance(value, list) else ():
        match item:
            case int():  # a prompt or an input of token ids
                count += 1
            case str():
                characters += len(item)
            case list():
                count += len(item)
            case dict():
                count += TOKENS_PER_MESSAGE
                for text, images in _parts(item):
                    characters, count = characters + text, count + images * TOKENS_PER_IMAGE
    return characters, count


def _parts(message: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Yield (characters, images) for each part of a message."""
    content = message.get("content")
    for part in [content] if isinstance(content, str) else content if isinstance(content, list) else ():
        if isinstance(part, str):
            yield len(part), 0
        elif isinstance(part, dict):
            is_image = part.get("type") in ("image_url", "image")
            yield sum(len(part[name]) for name in _TEXTS if isinstance(part.get(name), str)), int(is_image)
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict) and isinstance(function := call.get("function"), dict):
            yield sum(len(text) for text in function.values() if isinstance(text, str)), 0
