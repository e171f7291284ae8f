"""Accounts and the people in them (spec 5.3, 5.10)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from trunkline.server.domain.policy.restrictions import NOTHING, Restrictions


class AccountKind(StrEnum):
    """A personal account has one user and no members to manage."""

    PERSONAL = "personal"
    ORGANIZATION = "organization"


class Role(StrEnum):
    """The role of a member in an organisation."""

    ADMIN = "org:admin"
    MEMBER = "org:member"


class Account(Struct, frozen=True, kw_only=True):
    """One tenant. `restrictions` are its always-on layer L0; `regions` its regional hosts, None for all."""

    id: str
    name: str
    kind: AccountKind
    created_at: datetime
    restrictions: Restrictions = NOTHING
    regions: tuple[str, ...] | None = None
    is_filtered_model_catalog_enabled: bool = False


class Member(Struct, frozen=True, kw_only=True):
    """A user of an account."""

    id: str
    account_id: str
    email: str
    role: Role
    created_at: datetime
    first_name: str | None = None
    last_name: str | None = None
