"""Which conversations stay with an endpoint, so that its prompt cache is of use (spec gateway 3.7, step 5).

The memory itself is an adapter's; here are its keys and the rule of what to write into it.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.request import EMBEDDINGS, GenerationRequest
from trunkline.server.domain.routing.targets import Target

SECONDS: Final = 600
"""How long an entry lasts after it was last written."""
_SYSTEM: Final = frozenset({"system", "developer"})
_MESSAGES = msgspec.json.Decoder(list[msgspec.Raw])


class _Message(Struct):
    role: str = ""


_MESSAGE = msgspec.json.Decoder(_Message)


class Conversation(NamedTuple):
    """What a conversation is known by. `explicit`: the caller named it, else it is told by its first messages."""

    name: str
    explicit: bool

    def key(self, account: str, model: str) -> str:
        """Return what an account's conversation with a model is kept under: 32 hexadecimal characters."""
        return _digest(b"\0".join(part.encode() for part in (account, model, self.name)))


def conversation(request: GenerationRequest) -> Conversation | None:
    """Return the conversation that a request belongs to; None where requests of its kind do not stay anywhere."""
    if request.surface is EMBEDDINGS:
        return None
    if request.session_id:
        return Conversation(f"session {request.session_id}", explicit=True)
    raw = request.fields.get("prompt_cache_key")
    if raw is not None and (text := bytes(raw)) not in {b"null", b'""'}:
        return Conversation(f"cache {text.decode()}", explicit=True)
    opening = _opening(request)
    return None if opening is None else Conversation(f"opening {opening}", explicit=False)


def worth_keeping(conversation: Conversation, target: Target, *, prompt_tokens: int, cached_tokens: int) -> bool:
    """Tell whether a success (with its usage in tokens) is to be remembered.

    One that the caller named always, another where the cache was of use already; and only where
    reading the cache is cheaper than the prompt.
    """
    return caches(target, prompt_tokens) and (conversation.explicit or cached_tokens > 0)


def caches(target: Target, prompt_tokens: int) -> bool:
    """Tell whether an endpoint reads a prompt of so many tokens for less where it is in its cache."""
    prices = target.prices(prompt_tokens)
    cached = prices.units.get("input_cache_read")
    return cached is not None and cached < prices.prompt


def _opening(request: GenerationRequest) -> str | None:
    raw = request.fields.get("messages")
    if raw is None:
        return None
    system = first = b""
    try:
        for message in _MESSAGES.decode(raw):
            if _MESSAGE.decode(message).role not in _SYSTEM:
                first = bytes(message)
                break
            system = system or bytes(message)
    except msgspec.MsgspecError:
        return None
    return _digest(system + b"\0" + first) if first else None


def _digest(text: bytes) -> str:
    return hashlib.blake2b(text, digest_size=16).hexdigest()
