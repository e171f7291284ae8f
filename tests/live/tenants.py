"""Accounts on a server under test: made in its store, used through its API."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.factories import NOON
from tests.live.wire import Reply, Site
from trunkline.server.adapters.store.database import open_database
from trunkline.server.domain.policy.account import AccountKind
from trunkline.server.domain.policy.audit import Actor, Via
from trunkline.server.usecases import accounts as usecase

OWN = "//api/trunkline/v1"
"""Our own operations, as `Site` takes a path from the root."""


def clock() -> float:
    """Return the time of the conformance cases."""
    return NOON


def operator(account_id: str) -> Actor:
    """Return the operator at the command line, in an account."""
    return Actor(account_id=account_id, via=Via.CLI, name="a test")


def create_account(
    home: Path, account_id: str, kind: AccountKind = AccountKind.ORGANIZATION, now: Callable[[], float] = clock
) -> str:
    """Make an account in the store of a home and return its management key."""
    database = open_database(home / "trunkline.db")
    try:
        body = usecase.AccountCreate(name=f"Account {account_id[:4]}", kind=kind)
        made = usecase.create(database.accounts, operator(account_id), body, clock=now, entropy=secrets.token_bytes)
        return made.text
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account of a running server, with a management key of it."""

    site: Site
    account_id: str
    management_key: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send one request with the management key; `body` goes out as JSON."""
        headers.setdefault("authorization", f"Bearer {self.management_key}")
        sent = None if body is None else json.dumps(body).encode()
        return self.site.ask(method, path, sent, **headers)

    def get(self, path: str, **headers: str) -> Reply:
        """GET with the management key."""
        return self.ask("GET", path, **headers)

    def made(self, path: str, body: Any) -> Any:
        """POST, which must make something, and return the answer."""
        reply = self.ask("POST", path, body)
        assert reply.status == 201, reply
        return reply.json()

    def changed(self, method: str, path: str, body: Any = None) -> Any:
        """Send a change, which must go through, and return the answer."""
        reply = self.ask(method, path, body)
        assert reply.status == 200, reply
        return reply.json()

    def key(self, name: str = "a key", **body: Any) -> Key:
        """Make an inference key."""
        made = self.made("/keys", {"name": name, **body})
        return Key(self.site, made["key"], made["data"]["hash"])

    def guardrail(self, **body: Any) -> str:
        """Make a guardrail and return its id."""
        guardrail_id: str = self.made("/guardrails", {"name": "a guardrail", **body})["data"]["id"]
        return guardrail_id

    def assign(self, guardrail_id: str, *keys: Key) -> int:
        """Assign keys to a guardrail and return how many are."""
        path = f"/guardrails/{guardrail_id}/assignments/keys"
        count: int = self.changed("POST", path, {"key_hashes": [key.hash for key in keys]})["assigned_count"]
        return count

    def under(self, **body: Any) -> Key:
        """Make a key under a guardrail of its own."""
        key = self.key()
        assert self.assign(self.guardrail(**body), key) == 1
        return key

    def restrict(self, **body: Any) -> None:
        """Change what the account restricts for all of its keys."""
        self.changed("PATCH", f"{OWN}/account", body)

    def default_workspace(self) -> dict[str, Any]:
        """Return the default workspace."""
        workspace: dict[str, Any] = self.get("/workspaces/default").json()["data"]
        return workspace


@dataclass(frozen=True, slots=True)
class Key:
    """An inference key on a running server."""

    site: Site
    text: str
    hash: str

    def get(self, path: str, **headers: str) -> Reply:
        """GET with the key."""
        return self.site.get(path, authorization=f"Bearer {self.text}", **headers)

    @property
    def models(self) -> list[str]:
        """Return the ids of the models that the key may use."""
        return self.get("/models/user").ids


def belongings(tenant: Tenant) -> dict[str, str]:
    """Make one of everything in an account and return the ids."""
    workspace = tenant.made("/workspaces", {"name": "w", "slug": "w"})["data"]
    member = tenant.made(f"{OWN}/members", {"email": "ada@example.com"})["data"]["id"]
    key = tenant.key("k", workspace_id=workspace["id"])
    guardrail = tenant.guardrail(allowed_providers=["azure"], workspace_id=workspace["id"])
    tenant.assign(guardrail, key)
    path = f"/guardrails/{guardrail}/assignments/members"
    tenant.changed("POST", path, {"member_user_ids": [member]})
    tenant.changed("PUT", f"/workspaces/{workspace['id']}/budgets/monthly", {"limit_usd": 5})
    tenant.changed("PATCH", f"/guardrails/{workspace['default_guardrail_id']}", {"description": "d"})
    own = tenant.made("/byok", {"provider": "openai", "key": "sk-canary", "workspace_id": workspace["id"]})
    return {
        "byok": own["data"]["id"],
        "workspace": workspace["id"],
        "default": workspace["default_guardrail_id"],
        "member": member,
        "key": key.hash,
        "guardrail": guardrail,
        "account": tenant.account_id,
    }
