"""Shortens a conversation that is too long for a window, from its middle outwards (spec gateway 3.9).

What stays goes on as it was written. Instructions, the last user message and the last message stay in any case, and
a tool call with its results is one piece; only where nothing else is left, texts among what stays lose their middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.estimate import CHARACTERS_PER_TOKEN, message_tokens

GAP: Final = "\n[...]\n"
"""What stands where a text has lost its middle."""
_LEAST: Final = 256
"""Characters that a text keeps at least: less says nothing."""
_INSTRUCTIONS: Final = frozenset({"system", "developer"})


class Compressed(NamedTuple):
    """A shorter conversation: `messages` as JSON, how many were left out, how many lost their middle."""

    messages: msgspec.Raw
    removed: int
    shortened: int


class _Message:
    """One message, as it was written and as it is read."""

    __slots__ = ("raw", "read", "tokens")

    def __init__(self, raw: msgspec.Raw) -> None:
        self.raw = bytes(raw)
        self.read: dict[str, Any] = msgspec.json.decode(raw)
        self.tokens = message_tokens(self.read)


class _Group(Struct):
    """Messages that stay or go together, by position."""

    messages: list[_Message]
    at: list[int]
    stays: bool = False

    @property
    def tokens(self) -> int:
        return sum(message.tokens for message in self.messages)


def compressed(messages: msgspec.Raw, excess: int, most: int | None = None) -> Compressed | None:
    """Return a conversation with about `excess` tokens less and at most `most` messages, as far as that goes.

    None where nothing could be taken away, or where it is no list of messages.
    """
    try:
        groups = _grouped([_Message(raw) for raw in msgspec.json.decode(messages, type=list[msgspec.Raw])])
    except (msgspec.MsgspecError, TypeError, AttributeError):
        return None
    count = sum(len(group.at) for group in groups)
    too_many = 0 if most is None else count - most
    gone: set[int] = set()
    shortened = 0
    for group in _from_the_middle(groups, count):
        if excess <= 0 and too_many <= 0:
            break
        if too_many <= 0 and (saved := _shorten(group, excess, mostly=True)) > 0:
            excess -= saved
            shortened += 1
            continue
        excess -= group.tokens
        too_many -= len(group.at)
        gone.update(group.at)
    for group in reversed([group for group in groups if group.stays]):
        if excess > 0 and (saved := _shorten(group, excess)):
            excess -= saved
            shortened += 1
    if not gone and not shortened:
        return None
    pairs = [pair for group in groups for pair in zip(group.at, group.messages, strict=True)]
    left = [message.raw for at, message in pairs if at not in gone]
    return Compressed(msgspec.Raw(b"[%b]" % b",".join(left)), len(gone), shortened)


def _grouped(messages: Sequence[_Message]) -> list[_Group]:
    groups: list[_Group] = []
    for at, message in enumerate(messages):
        if message.read.get("role") == "tool" and groups:
            groups[-1].messages.append(message)
            groups[-1].at.append(at)
        else:
            groups.append(_Group([message], [at], message.read.get("role") in _INSTRUCTIONS))
    if groups:
        groups[-1].stays = True
    for group in reversed(groups):
        if group.messages[0].read.get("role") == "user":
            group.stays = True
            break
    return groups


def _from_the_middle(groups: Sequence[_Group], count: int) -> Iterator[_Group]:
    middle = (count - 1) / 2
    removable = [group for group in groups if not group.stays]
    yield from sorted(removable, key=lambda group: (abs((group.at[0] + group.at[-1]) / 2 - middle), group.at[0]))


def _shorten(group: _Group, excess: int, *, mostly: bool = False) -> int:
    """Take about so many tokens out of a group's longest text; return how many that were.

    Instructions are left as they are. `mostly`: only where that is enough and the larger part stays.
    """
    texts = [
        (len(text), message, part)
        for message in group.messages
        if message.read.get("role") not in _INSTRUCTIONS
        for part, text in _texts(message.read)
    ]
    if not texts:
        return 0
    length, message, part = max(texts, key=lambda found: found[0])
    wanted = excess * CHARACTERS_PER_TOKEN + len(GAP)
    left = length - wanted
    if mostly and left < max(_LEAST, length // 2):
        return 0
    left = max(left, _LEAST)
    if left + len(GAP) >= length:
        return 0
    holder, name = (message.read, "content") if part is None else (message.read["content"][part], "text")
    text = holder[name]
    holder[name] = text[: left - left // 2] + GAP + text[length - left // 2 :]
    before, message.raw = message.tokens, msgspec.json.encode(message.read)
    message.tokens = message_tokens(message.read)
    return before - message.tokens


def _texts(message: dict[str, Any]) -> Iterator[tuple[int | None, str]]:
    """Yield a message's texts, each with the number of its part, None for a content that is a text."""
    content = message.get("content")
    if isinstance(content, str):
        yield None, content
    for number, part in enumerate(content if isinstance(content, list) else ()):
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield number, part["text"]
