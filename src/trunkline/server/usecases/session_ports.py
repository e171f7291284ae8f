"""The ports of signing in: where sessions are kept, and how often somebody may try."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Session(Struct, frozen=True, kw_only=True):
    """Somebody signed in with a management key.

    `digest` is the SHA-256 of the token that only the browser has; times are Unix seconds, `seen` that of a
    request not much older than the last one.
    """

    digest: str
    key_hash: str
    account_id: str
    created: float
    seen: float


class Sessions(Protocol):
    """Sessions by the digest of their token, the same for every process of a home. Blocks on small files.

    Everything raises `trunkline.server.errors.StoreUnavailable` where the home cannot be written.
    """

    def get(self, digest: str) -> Session | None:
        """Return a session, None for one that never was, has ended or cannot be read."""
        ...

    def add(self, session: Session) -> None:
        """Keep a new session."""
        ...

    def touch(self, digest: str, now: float) -> None:
        """Note that a session was used; one that has ended meanwhile stays so."""
        ...

    def remove(self, digest: str) -> None:
        """End a session; nothing happens where there is none."""
        ...

    def sweep(self, seen_before: float) -> None:
        """End every session that was last used before a Unix time."""
        ...


class Attempts(Protocol):
    """How often somebody may try to sign in."""

    def take(self, who: str, now: float) -> None:
        """Count an attempt from an address. Raises `TooManyRequests`; counted by each process for itself."""
        ...

    def forget(self, who: str) -> None:
        """Forget the attempts from an address: the last one went well."""
        ...
