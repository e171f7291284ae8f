"""Budgets and limits: what is left of each, which one blocks, and in which order they are checked (spec 2.10, 5.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from trunkline.server.domain.policy import charge
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.spend import WINDOWS, ZERO, Spent, resets_at
from trunkline.server.domain.policy.workspace import INTERVALS, WorkspaceBudget
from trunkline.server.errors import BadRequest

_CENT: Final = Decimal("0.01")
_BLOCKED: Final = 403
_UNPAID: Final = 402


class Scope(StrEnum):
    """Whose spending a budget counts, in the order in which they are checked."""

    DEFAULT_MEMBER = "workspace_default_member"
    DEFAULT_KEY = "workspace_default_key"
    MEMBER = "member"
    API_KEY = "api_key"
    WORKSPACE = "workspace"
    KEY_LIMIT = "key_limit"


@dataclass(frozen=True, slots=True)
class Limit:
    """One budget that a key is under: what those that `whose` names may have spent in a window, in USD.

    `interval` None and `lifetime`: it never resets.
    """

    scope: Scope
    whose: charge.Scope
    limit_usd: Decimal
    interval: str | None
    byok: bool
    guardrail_id: str | None = None
    budget_id: str | None = None

    def budget(self, spent: Spent, now: datetime, held_usd: Decimal = ZERO) -> KeyBudget:
        """Return it with what was spent of it, and what is held for calls under way (USD)."""
        return KeyBudget(
            scope=self.scope,
            limit_usd=self.limit_usd,
            spend_usd=spent.within(self.interval, byok=self.byok),
            include_byok=self.byok,
            reset_interval=self.interval if self.interval in WINDOWS else None,
            resets_at=resets_at(self.interval, now),
            guardrail_id=self.guardrail_id,
            budget_id=self.budget_id,
            held_usd=held_usd,
        )


@dataclass(frozen=True, slots=True)
class KeyBudget:
    """One budget that a key is under, and what is spent of it (USD). `reset_interval` None: it never resets.

    `held_usd` is held for calls under way, which is as good as spent until they have ended.
    """

    scope: Scope
    limit_usd: Decimal
    spend_usd: Decimal
    include_byok: bool
    reset_interval: str | None
    resets_at: datetime | None
    guardrail_id: str | None = None
    budget_id: str | None = None
    held_usd: Decimal = ZERO

    @property
    def remaining_usd(self) -> Decimal:
        """USD left, never below 0."""
        return max(self.limit_usd - self.spend_usd, ZERO)

    @property
    def blocks(self) -> bool:
        """Whether the limit is met or exceeded."""
        return self.spend_usd + self.held_usd >= self.limit_usd


@dataclass(frozen=True, slots=True)
class Spends:
    """What was spent by the key, by all keys of the member behind it, and in its workspace."""

    key: Spent
    member: Spent | None = None
    workspace: Spent | None = None


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Why a call is refused for money: HTTP status and text."""

    status: int
    message: str
    budget: KeyBudget


def limit_remaining(limit: Decimal | None, reset: str | None, spent: Spent, *, byok: bool) -> Decimal | None:
    """Return USD left of a limit in its running window, never below 0; None without a limit."""
    return None if limit is None else max(limit - spent.within(reset, byok=byok), ZERO)


def limits_of(caller: Caller, workspace: Iterable[WorkspaceBudget]) -> list[Limit]:
    """Return every limit over a caller's key, in the order in which they are checked.

    `workspace` are the budgets of its workspace; those come with the broadest interval first, for it
    is the one that a refusal names. A member's budgets hold only where a member is behind the key.
    """
    own = caller.key
    key = charge.Scope(charge.KEY, own.account_id, own.hash)
    member = charge.Scope(charge.MEMBER, own.account_id, own.creator_user_id) if own.creator_user_id else None
    rows = [
        _guardrail(Scope.DEFAULT_MEMBER, caller.default_guardrail, member),
        _guardrail(Scope.DEFAULT_KEY, caller.default_guardrail, key),
        _guardrail(Scope.MEMBER, caller.member_guardrail, member),
        _guardrail(Scope.API_KEY, caller.key_guardrail, key),
    ]
    if caller.workspace is not None:
        whole = charge.Scope(charge.WORKSPACE, own.account_id, caller.workspace.id)
        byok = caller.workspace.include_byok_in_budgets
        rows += [
            Limit(Scope.WORKSPACE, whole, budget.limit_usd, budget.interval, byok, budget_id=budget.id)
            for budget in sorted(workspace, key=lambda row: INTERVALS.index(row.interval), reverse=True)
        ]
    if own.limit is not None:
        rows.append(Limit(Scope.KEY_LIMIT, key, own.limit, own.limit_reset, own.include_byok_in_limit))
    return [row for row in rows if row is not None]


def budgets_of(caller: Caller, spends: Spends, workspace: Iterable[WorkspaceBudget], now: datetime) -> list[KeyBudget]:
    """Return every limit over a caller's key (`limits_of`) with what was spent of it."""
    spent = {charge.KEY: spends.key, charge.MEMBER: spends.member, charge.WORKSPACE: spends.workspace}
    limits = limits_of(caller, workspace)
    return [limit.budget(spent[limit.whose.kind] or Spent(), now) for limit in limits]


def effective(budgets: Sequence[KeyBudget]) -> KeyBudget | None:
    """Return the budget that already blocks, else the one with the least left, else None (spec 5.9)."""
    blocking = next((budget for budget in budgets if budget.blocks), None)
    return blocking or min(budgets, key=lambda budget: budget.remaining_usd, default=None)


def exhausted(budgets: Iterable[KeyBudget]) -> Exhausted | None:
    """Return the refusal of the first budget that blocks, None when a call may be made."""
    for budget in budgets:
        if budget.blocks:
            status = _UNPAID if budget.scope is Scope.KEY_LIMIT else _BLOCKED
            text = _TEXTS[budget.scope].format(**_words(budget))
            if budget.spend_usd < budget.limit_usd:
                text = f"{text} {held_text(budget.held_usd)}"
            return Exhausted(status, text, budget)
    return None


def held_text(held_usd: Decimal) -> str:
    """Return how a refusal tells that money is not spent yet but held for calls under way (USD)."""
    return f"{dollars(held_usd)} of it is held for calls under way; what they do not cost is free when they have ended."


def require_order(limits: Mapping[str, Decimal]) -> None:
    """Check that a workspace's limits (USD by interval) strictly shrink with the interval; equal ones do not.

    Raises `BadRequest` with the first pair that does not.
    """
    present = [interval for interval in reversed(INTERVALS) if interval in limits]
    for broad, narrow in pairwise(present):
        if limits[narrow] >= limits[broad]:
            raise BadRequest(
                "Budget limits must be strictly decreasing as scope narrows: "
                f"the {broad} limit ({dollars(limits[broad])}) must be greater than "
                f"the {narrow} limit ({dollars(limits[narrow])})."
            )


def dollars(amount: Decimal, *, cents: bool = False) -> str:
    """Return `$500`, `$499.50` or, where cents do not suffice, every digit; with `cents` at least two of them."""
    if amount == amount.to_integral_value() and not cents:
        return f"${amount:.0f}"
    return f"${amount:.2f}" if amount == amount.quantize(_CENT) else f"${amount.normalize():f}"


def _guardrail(scope: Scope, guardrail: Guardrail | None, whose: charge.Scope | None) -> Limit | None:
    if guardrail is None or guardrail.limit_usd is None or whose is None:
        return None
    byok = guardrail.include_byok_in_budgets
    return Limit(scope, whose, guardrail.limit_usd, guardrail.reset_interval, byok, guardrail_id=guardrail.id)


def _words(budget: KeyBudget) -> dict[str, str]:
    return {
        "interval": budget.reset_interval or "lifetime",
        "limit": dollars(budget.limit_usd, cents=True),
        "window": budget.reset_interval or "total",
    }


_TEXTS: Final[Mapping[Scope, str]] = {
    Scope.DEFAULT_MEMBER: "Workspace member {interval} budget of {limit} exceeded. Contact your org admin.",
    Scope.DEFAULT_KEY: "Workspace key {interval} budget of {limit} exceeded. Contact your org admin.",
    Scope.MEMBER: "Member {interval} budget of {limit} exceeded. Contact your org admin.",
    Scope.API_KEY: "API key {interval} budget of {limit} exceeded. Contact your org admin.",
    Scope.WORKSPACE: "Workspace {interval} budget of {limit} exceeded. Contact your org admin.",
    Scope.KEY_LIMIT: "Key limit exceeded ({window} limit). Raise the limit of the key, or wait until it resets.",
}
