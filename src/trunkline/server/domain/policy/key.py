"""API keys: their form, hash and label, and whether one still counts (spec 1.7, 5.10)."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

PREFIX = "sk-or-v1-"
SECRET_BYTES = 32
LENGTH = len(PREFIX) + 2 * SECRET_BYTES
"""Characters of a key."""
_FORM = re.compile(r"sk-or-v1-[0-9a-f]{64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Key(Struct, frozen=True, kw_only=True):
    """An API key as the store knows it: never the key itself, only its SHA-256.

    `limit` in USD per `limit_reset` window (None: no cap, no reset). A management key belongs to no
    workspace. `workspace_id` of None on an inference key: its workspace is gone.
    """

    hash: str
    name: str
    label: str
    account_id: str
    created_at: datetime
    is_management: bool = False
    workspace_id: str | None = None
    disabled: bool = False
    limit: Decimal | None = None
    limit_reset: str | None = None
    include_byok_in_limit: bool = False
    creator_user_id: str | None = None
    expires_at: datetime | None = None
    updated_at: datetime | None = None
    last_used_at: datetime | None = None
    external_user: dict[str, Any] | str | None = None

    def counts(self, now: datetime) -> bool:
        """Tell whether the key may be used: neither disabled nor expired."""
        return not self.disabled and (self.expires_at is None or now < self.expires_at)


def form(secret: bytes) -> str:
    """Return the key made of 32 random bytes: `sk-or-v1-` and 64 hex characters."""
    return PREFIX + secret.hex()


def is_key(text: str) -> bool:
    """Tell whether a text has the form of a key; anything else is no credential."""
    return _FORM.fullmatch(text) is not None


def digest(key: str) -> str:
    """Return what the store keeps of a key: its SHA-256, 64 lower-case hex characters."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_digest(text: str) -> bool:
    """Tell whether a text has the form of what `digest` returns."""
    return _DIGEST.fullmatch(text) is not None


def label(key: str) -> str:
    """Return what people recognise a key by: prefix, first and last three characters (spec 1.7)."""
    return f"{PREFIX}{key[len(PREFIX) :][:3]}...{key[-3:]}"
