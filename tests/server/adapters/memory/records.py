"""Records of generations for tests: they say no more than they are given."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from trunkline.server.domain.generation.record import AttemptRecord, GenerationRecord
from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.workspace import Workspace

NOW = 1_787_400_000.0
"""2026-08-22T12:00Z, a Saturday."""
MOMENT = datetime.fromtimestamp(NOW, UTC)
_numbers = count()


def attempt(**fields: Any) -> AttemptRecord:
    """Return an attempt, a success unless told otherwise."""
    told = {"endpoint": "m a 0", "model": "m", "provider": "a", "provider_name": "A"}
    return AttemptRecord(**(told | {"status": 200, "latency_ms": 10.0, "ok": True} | fields))


def record(**fields: Any) -> GenerationRecord:
    """Return a generation of a new id."""
    told = {"id": f"gen-{next(_numbers)}", "created": NOW, "account_id": "account", "key_hash": "key"}
    return GenerationRecord(**(told | fields))


def caller(key_hash: str = "key", **fields: Any) -> Caller:
    """Return a caller of the account `account`; `key` are the key's own fields."""
    key = {"hash": key_hash, "name": "a key", "label": "sk", "account_id": "account", "created_at": MOMENT}
    account = Account(id="account", name="Account", kind=AccountKind.ORGANIZATION, created_at=MOMENT)
    return Caller(key=Key(**(key | fields.pop("key", {}))), account=account, **fields)


def guardrail(limit: str, interval: str | None = None, **fields: Any) -> Guardrail:
    """Return a guardrail with a budget in USD."""
    return Guardrail(
        id="g",
        account_id="account",
        name="g",
        created_at=MOMENT,
        limit_usd=Decimal(limit),
        reset_interval=interval,
        **fields,
    )


def workspace(**fields: Any) -> Workspace:
    """Return the workspace `w`."""
    return Workspace(id="w", account_id="account", name="W", slug="w", created_at=MOMENT, **fields)
