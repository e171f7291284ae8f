"""Accounts for tests: a tenant with short ways to do what its management key may."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from tests.factories import NOON
from trunkline.server.adapters.providers.vault import Vault
from trunkline.server.adapters.store.account_tables import LEDGER
from trunkline.server.adapters.store.database import Database
from trunkline.server.adapters.store.ledger import day_number
from trunkline.server.domain.policy.account import AccountKind, Member
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.domain.policy.byok import Credential
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import Workspace, default_workspace_id
from trunkline.server.usecases import accounts as account_cases
from trunkline.server.usecases import assignments, byok, guardrails, keys, members, workspaces
from trunkline.server.usecases.account_ports import Accounts, Catalogued
from trunkline.server.usecases.accounts import AccountCreate
from trunkline.server.usecases.guardrail_bodies import GuardrailCreate, GuardrailPatch

T = TypeVar("T")
NOWHERE = "00000000-0000-4000-8000-000000000000"
"""The id of nothing."""


class Clock:
    """A clock that moves a millisecond with every look, and otherwise when told."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        self.now += 0.001
        return self.now

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


def body(kind: type[T], text: str) -> T:
    """Return a request's body as the server decodes it."""
    return msgspec.json.decode(text, type=kind)


@dataclass
class Tenant:
    """An account, and a management key's view of it."""

    database: Database
    id: str
    catalogued: Catalogued
    clock: Clock = field(default_factory=Clock)
    entropy: Callable[[int], bytes] = secrets.token_bytes
    management_key: str = ""

    @property
    def accounts(self) -> Accounts:
        return self.database.accounts

    @property
    def actor(self) -> Actor:
        return Actor(account_id=self.id, via=Via.API, name="sk-or-v1-abc...def", address="192.0.2.7")

    @property
    def making(self) -> dict[str, Any]:
        return {"clock": self.clock, "entropy": self.entropy}

    @property
    def default_workspace(self) -> str:
        return default_workspace_id(self.id)

    def key(self, name: str = "key", **fields: Any) -> Key:
        made = msgspec.convert({"name": name, **fields}, keys.KeyCreate)
        return keys.create(self.accounts, self.actor, made, **self.making)[0].key

    def guardrail(self, name: str = "guardrail", **fields: Any) -> Guardrail:
        made = msgspec.convert({"name": name, **fields}, GuardrailCreate)
        return guardrails.create(self.accounts, self.actor, made, catalogued=self.catalogued, **self.making)

    def patch_guardrail(self, guardrail_id: str, **fields: Any) -> Guardrail:
        changes = msgspec.convert(fields, GuardrailPatch)
        return guardrails.update(
            self.accounts, self.actor, guardrail_id, changes, clock=self.clock, catalogued=self.catalogued
        )

    def workspace(self, slug: str, **fields: Any) -> Workspace:
        made = msgspec.convert({"name": slug, "slug": slug, **fields}, workspaces.WorkspaceCreate)
        return workspaces.create(self.accounts, self.actor, made, **self.making)

    def member(self, name: str, **fields: Any) -> Member:
        made = msgspec.convert({"id": name, "email": f"{name}@example.com", **fields}, members.MemberCreate)
        return members.add(self.accounts, self.actor, made, **self.making)

    def byok(self, provider: str, *, everywhere: bool = False, **fields: Any) -> Credential:
        made = msgspec.convert({"provider": provider, "key": "sk-canary-of-an-account", **fields}, byok.ByokCreate)
        return byok.create(
            self.accounts,
            self.actor,
            made,
            vault=Vault(lambda: bytes(range(32))),
            catalogued=self.catalogued,
            reachable={"openai", "anthropic", "azure"},
            everywhere=everywhere,
            **self.making,
        )

    def assign(self, guardrail: Guardrail, *hashes: str) -> int:
        named = assignments.KeyHashes(key_hashes=list(hashes))
        return assignments.assign_keys(self.accounts, self.actor, guardrail.id, named, **self.making)

    def assign_members(self, guardrail: Guardrail, *user_ids: str) -> int:
        named = assignments.MemberIds(member_user_ids=list(user_ids))
        return assignments.assign_members(self.accounts, self.actor, guardrail.id, named, **self.making)

    def spend(self, key: Key, day: datetime, pico: int, byok_pico: int = 0, free_requests: int = 0) -> None:
        """Write what a day of traffic would leave in the ledger."""
        row = {
            "account_id": self.id,
            "key_hash": key.hash,
            "day": day_number(day.date()),
            "workspace_id": key.workspace_id or "",
            "user_id": key.creator_user_id or "",
            "usage_pico": pico,
            "byok_pico": byok_pico,
            "free_requests": free_requests,
        }
        with self.database.engine.begin() as connection:
            connection.execute(LEDGER.insert(), row)


def tenant(
    database: Database, catalogued: Catalogued, name: str = "acme", kind: AccountKind = AccountKind.ORGANIZATION
) -> Tenant:
    """Make an account of its own."""
    clock = Clock()
    account_id = str(uuid4())
    actor = Actor(account_id=account_id, via=Via.CLI, name="root")
    made = account_cases.create(
        database.accounts, actor, AccountCreate(name=name, kind=kind), clock=clock, entropy=secrets.token_bytes
    )
    return Tenant(database, account_id, catalogued, clock, management_key=made.text)
