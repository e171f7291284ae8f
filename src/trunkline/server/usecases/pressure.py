"""Limits and budgets of an account that are spent or nearly so, each with those whom it stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from trunkline.server.domain.policy import charge
from trunkline.server.domain.policy.account import Account, Member
from trunkline.server.domain.policy.budget import KeyBudget, Limit, limits_of
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import default_guardrail_id
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.spend import Spent
from trunkline.server.errors import NotFound
from trunkline.server.usecases.account_ports import Accounts, Reader
from trunkline.server.usecases.ports import Clock

NEAR: Final = Decimal("0.8")
"""The share of a limit from which it is near."""
WATCHED: Final = 1000
"""Keys whose limits are looked at, the newest that still count."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """One limit, what is spent of it, and whose: `name` and the row's `id` of a key, a member or a workspace."""

    budget: KeyBudget
    kind: str
    id: str
    name: str

    @property
    def share(self) -> Decimal:
        """What is spent of it, 1 for all of it; a limit of nothing is all spent."""
        return self.budget.spend_usd / self.budget.limit_usd if self.budget.limit_usd else Decimal(1)


def pressing(accounts: Accounts, account_id: str, *, clock: Clock, near: Decimal = NEAR) -> list[Pressed]:
    """Return the limits of which at least the share `near` is spent, the most spent first. Raises `NotFound`."""
    now = datetime.fromtimestamp(clock(), UTC)
    with accounts.read() as store:
        account = store.accounts.get(account_id)
        if account is None:
            raise NotFound
        keys = store.keys.page(account_id, where={"is_management": False, "disabled": False}, limit=WATCHED)
        keys = [key for key in keys if key.counts(now)]
        limits = dict.fromkeys(_limits(store, account, keys))
        spends = _spends(store, account_id, limits, now)
        names = _names(store, account_id, keys)
    found = [
        Pressed(limit.budget(spends[limit.whose], now), limit.whose.kind, limit.whose.id, names[limit.whose.id])
        for limit in limits
        if limit.whose.id in names
    ]
    return sorted((one for one in found if one.share >= near), key=lambda one: (-one.share, one.name))


def _limits(store: Reader, account: Account, keys: list[Key]) -> Iterator[Limit]:
    """Yield every limit over some keys, those of a workspace or member once for each of their keys."""
    workspaces = {row.id: row for row in store.workspaces.page(account.id)}
    guardrails = {row.id: row for row in store.guardrails.page(account.id)}
    of_key = {row.key_hash: row.guardrail_id for row in store.key_assignments.page(account.id)}
    of_member = {row.user_id: row.guardrail_id for row in store.member_assignments.page(account.id)}
    budgets = store.budgets.page(account.id)
    for key in keys:
        place = workspaces.get(key.workspace_id or "")
        caller = Caller(
            key=key,
            account=account,
            workspace=place,
            default_guardrail=None if place is None else guardrails.get(default_guardrail_id(place.id)),
            member_guardrail=guardrails.get(of_member.get(key.creator_user_id or "", "")),
            key_guardrail=guardrails.get(of_key.get(key.hash, "")),
        )
        yield from limits_of(caller, [row for row in budgets if row.workspace_id == key.workspace_id])


def _spends(store: Reader, account_id: str, limits: dict[Limit, None], now: datetime) -> dict[charge.Scope, Spent]:
    whose = {limit.whose for limit in limits}
    by_key = store.ledger.by_key(account_id, [scope.id for scope in whose if scope.kind == charge.KEY], now)
    spends = {}
    for scope in whose:
        if scope.kind == charge.KEY:
            spends[scope] = by_key[scope.id]
        elif scope.kind == charge.MEMBER:
            spends[scope] = store.ledger.of(account_id, now, user_id=scope.id)
        else:
            spends[scope] = store.ledger.of(account_id, now, workspace_id=scope.id)
    return spends


def _names(store: Reader, account_id: str, keys: list[Key]) -> dict[str, str]:
    names = {key.hash: key.name for key in keys}
    names |= {row.id: row.name for row in store.workspaces.page(account_id)}
    return names | {row.id: called(row) for row in store.members.page(account_id)}


def called(member: Member) -> str:
    """Return what a member is called: their name, or their address where they have none."""
    return " ".join(part for part in (member.first_name, member.last_name) if part) or member.email
