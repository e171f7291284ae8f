"""Who may call an operation, and what an `Authorization` header says (spec 1.1, 1.2)."""

from __future__ import annotations

from enum import Enum


class Access(Enum):
    """The credential that an operation asks for.

    `PUBLIC` takes none (a valid key may show more, a bad one counts as none), `KEY` any valid key,
    `INFERENCE` a key that is no management key, `MANAGEMENT` a management key.
    """

    PUBLIC = "public"
    KEY = "key"
    INFERENCE = "inference"
    MANAGEMENT = "management"


def bearer(header: bytes) -> str | None:
    """Return the token of a bearer `Authorization` header (the scheme in any case), None where there is none."""
    scheme, _, token = header.strip().partition(b" ")
    if scheme.lower() != b"bearer":
        return None
    try:
        return token.strip().decode("ascii") or None
    except UnicodeDecodeError:
        return None
