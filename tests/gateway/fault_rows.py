"""What can go wrong at a provider, one row each: what it does, and what its caller sees of it.

The rows drive `test_faults.py` and are the tables of docs/faults.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.gateway.faulty import PATIENT
from tests.upstream.answers import STREAM_HEAD, chunked, delta, streamed
from tests.upstream.scripted import Send, Step

Steps = tuple[Step, ...]

ANSWER: Final = "the answer"
UNAVAILABLE: Final = "502 provider_unavailable"
OVERLOADED: Final = "503 provider_overloaded"
TIMEOUT: Final = "504 timeout"
LIMITED: Final = "429 rate_limit_exceeded"
TOKENS: Final = (Send(STREAM_HEAD), Send(chunked(delta(content="Hel"))), Send(chunked(delta(content="lo"))))
"""How a stream begins that breaks off later."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault: `whole` and `streamed` are what the provider does to the two kinds of request, `after` what it does
    after two tokens of a stream; None where it cannot happen there.

    `sees` is what a caller sees who has no other provider to go to: ANSWER, or status and error type. For a stream
    that has begun the same stands in its last event. `passes_on`: before the first token the next provider is tried;
    `sees_next` is what a caller sees who has one where it is not, if that is anything else.
    `wait` is the `Retry-After` (seconds) that the caller gets. `said` is the text of an answer that is none of the
    usual ones. `patience` are seconds for all attempts to the first token.
    """

    name: str
    what: str
    whole: Steps | None = None
    streamed: Steps | None = None
    after: Steps | None = None
    sees: str = UNAVAILABLE
    sees_streamed: str | None = None
    sees_after: str | None = None
    passes_on: bool = True
    sees_next: str | None = None
    wait: int | None = None
    said: str = "Hello"
    provider: str = PATIENT
    patience: float | None = None

    @property
    def cells(self) -> tuple[str, str, str]:
        """What is seen of a whole answer, of a stream before its first token and after it."""
        seen = (self.sees, self.sees_streamed or self.sees, self.sees_after or self.sees)
        steps = (self.whole, self.streamed, self.after)
        whole, before, after = (cell if does is not None else "" for cell, does in zip(seen, steps, strict=True))
        return whole, before, after

    @property
    def next(self) -> str:
        """What a caller sees who has another provider to go to."""
        if not any(True for _ in self.failing()):
            return ""
        return "answers" if self.passes_on else f"not tried{f': {self.sees_next}' if self.sees_next else ''}"

    def failing(self) -> Iterator[bool]:
        """Yield whether a stream is asked for, for each kind of request that fails before its first token."""
        if self.whole is not None and self.sees != ANSWER:
            yield False
        if self.streamed is not None and (self.sees_streamed or self.sees) != ANSWER:
            yield True


def everywhere(name: str, what: str, *steps: Step, **more: Any) -> Row:
    """Return a row for what happens before any answer, however the request was made."""
    return Row(name=name, what=what, whole=steps, streamed=steps, **more)


def raw(head: str, body: bytes = b"") -> Steps:
    """Return the step that sends a head, its lines separated by `|`, and a body as it is."""
    return (Send(head.replace("|", "\r\n").encode() + b"\r\n\r\n" + body),)


def sized(body: bytes, kind: str = "application/json", *headers: str) -> Steps:
    """Return the step that sends a body with its length."""
    lines = ["HTTP/1.1 200 OK", f"content-type: {kind}", f"content-length: {len(body)}", *headers]
    return raw("|".join(lines), body)


def events(*pieces: bytes) -> Steps:
    """Return the steps that stream pieces of a body after a head that says so."""
    return streamed(*pieces)
