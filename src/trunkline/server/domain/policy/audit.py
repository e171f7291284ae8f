"""The audit trail: who changed what, when, from where, and what it was before and after."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Via(StrEnum):
    """The door that a change came through."""

    API = "api"
    CLI = "cli"
    WEB = "web"
    START = "start"


class Action(StrEnum):
    """What happened to a row."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Actor(Struct, frozen=True, kw_only=True):
    """Who changes something, and the account it is changed in.

    `name` is what people know them by: a management key's label, or the operating system's user. `user_id` is the
    member behind a management key, `address` where the request came from; None where there is none.
    """

    account_id: str
    via: Via
    name: str
    key_hash: str | None = None
    user_id: str | None = None
    address: str | None = None


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One row that was changed. `before` and `after` hold no secret; None where the row did not or does not exist."""

    id: int
    at: datetime
    actor: Actor
    action: Action
    noun: str
    noun_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
