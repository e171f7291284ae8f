"""The ports of inference to the providers; `domain.generation.attempt.Attempt` is what goes out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from trunkline.server.domain.catalog.endpoints import Endpoint
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Event


class Upstreams(Protocol):
    """The providers' own servers, each spoken to in its dialect."""

    def send(self, attempt: Attempt) -> AsyncGenerator[Event, None]:
        """Send one attempt and yield what comes back, in the order that `domain.generation.delta` promises.

        Never raises for what an upstream does or fails to do: a fault is a last event `Failed`. Without one
        the answer is whole: it has `Finished` (embeddings: `Vector`s) and exactly one `Used` (estimated where
        the upstream counted nothing). A stream that breaks off before its finish reason is a fault.

        `aclose()` (or cancelling the task that waits for the next event) closes the upstream connection at once.
        """
        ...

    async def whole(self, attempt: Attempt) -> Sequence[Event]:
        """Send one attempt whose answer is not streamed and return all that comes back, with the promises of `send`.

        Cancelling the task that awaits it closes the upstream connection at once.
        """
        ...

    def body(self, attempt: Attempt) -> bytes:
        """Return the exact body that `send` would send, for the caller's debugging; it holds no credential."""
        ...

    async def close(self) -> None:
        """Close all connections, those in use included."""
        ...

    def cancels(self, endpoint: Endpoint) -> bool:
        """Tell whether an upstream stops working, and billing, when its connection is closed (spec gateway 2.7).

        Where it does not, drain `send` to its end instead of closing it.
        """
        ...


class Contents(Protocol):
    """Where it is kept what calls said."""

    def keep(self, generation_id: str, account_id: str, key_hash: str, created: float, document: bytes) -> None:
        """Keep what a call said (JSON; `created` in Unix seconds), encrypted, some time soon; never blocks."""
        ...

    def content(self, account_id: str, generation_id: str) -> tuple[str, bytes] | None:
        """Return the hash of the key that a call of an account was made with and what it said, None where not kept.

        Blocks; raises `StoreUnavailable`.
        """
        ...


class AnswerStore(Protocol):
    """Where answers are kept that callers asked to be kept. What is kept may be forgotten at any time."""

    async def get(self, key: bytes) -> bytes | None:
        """Return what is kept under a key, None where nothing is or its time is over."""
        ...

    async def put(self, key: bytes, value: bytes, seconds: int) -> None:
        """Keep something under a key for so many seconds, in the place of what was there."""
        ...

    async def drop(self, key: bytes) -> None:
        """Forget what is kept under a key."""
        ...


class Credentials(Protocol):
    """Which providers can be called at all."""

    def usable(self) -> frozenset[str]:
        """Return the slugs of the providers that are configured with all that a call needs."""
        ...
