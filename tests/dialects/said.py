"""What providers say and are asked, whatever the dialect: the cases are written in these words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.upstream.scripted import Call

Json = dict[str, Any]


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Thought:
    """A thought, with what the provider wants to see again of it."""

    text: str
    signature: str = "c2lnbmVk"


@dataclass(frozen=True)
class ToolCall:
    name: str
    arguments: Mapping[str, Any]


Piece = Text | Thought | ToolCall


@dataclass(frozen=True)
class Counts:
    """Usage; cached tokens are part of the prompt, those of thoughts part of the completion."""

    prompt: int = 12
    completion: int = 7
    cached: int = 0
    thoughts: int = 0


@dataclass(frozen=True)
class Said:
    """One answer. `more` is what nobody knows, and stands wherever the dialect has an object."""

    pieces: tuple[Piece, ...] = (Text("Hel"), Text("lo"))
    finish: str = "stop"
    counts: Counts = Counts()
    more: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request as it reached a provider, read in its dialect.

    Items of turns are `("text", text)`, `("image", media type or None, data or address)`,
    `("call", id, name, arguments)` and `("result", id, text)`; `signatures` are those that came back.
    """

    model: str
    key: str | None
    stream: bool
    system: list[str]
    turns: list[tuple[str, list[tuple[Any, ...]]]]
    tools: Json
    choice: Any
    limit: int | None
    temperature: float | None
    stops: list[str]
    schema: Json | None
    reasons: bool
    signatures: list[str]


class Voice(Protocol):
    """How one dialect is spoken by its provider."""

    name: str
    model: str

    def whole(self, said: Said) -> Json:
        """Return a whole answer."""

    def stream(self, said: Said) -> Sequence[bytes]:
        """Return a streamed answer, event by event."""

    def overloaded(self) -> bytes:
        """Return the event by which a stream breaks off."""

    def refusal(self, seconds: int) -> tuple[int, Json, tuple[tuple[str, str], ...]]:
        """Return status, body and headers of a request that came too soon, with a hint of when to come back."""

    def withheld(self) -> Json:
        """Return a whole answer that is kept back because of what it would say."""

    def vectors(self, rows: Sequence[Sequence[float]]) -> Json:
        """Return an answer to texts that were to be embedded; their usage is 4 tokens."""

    def embedded(self, call: Call) -> tuple[list[str], int | None]:
        """Return the texts that are to be embedded, and in how many dimensions."""

    def asked(self, call: Call) -> Asked:
        """Read a request."""
