"""What was spent by those who call here, held in memory as the store has it plus what this process has added."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.cost import pico
from trunkline.server.domain.policy.budget import Spends, budgets_of, exhausted
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.charge import ACCOUNT, KEY, MEMBER, WORKSPACE, Booked, Charge, Scope, scopes
from trunkline.server.domain.policy.spend import WINDOWS, Spent, window_start
from trunkline.server.domain.policy.workspace import WorkspaceBudget
from trunkline.server.errors import Forbidden, PaymentRequired, StoreUnavailable, TrunklineError

REMEMBERED: Final = 50_000
"""Keys whose spending is kept; the one that was silent longest goes first, and is read anew when it returns."""
_FIRST: Final = date(1970, 1, 1).toordinal()
_PICO: Final = -12


class Tally:
    """The spending of one scope in whole 10^-12 USD: in all, and since each running window began."""

    __slots__ = ("_byok", "_free", "_starts", "_usage", "as_of")

    def __init__(self, spent: Spent, as_of: int, day: int) -> None:
        self.as_of = as_of
        self._starts = _starts(day)
        self._usage = [pico(spent.within(window)) for window in (None, *WINDOWS)]
        self._byok = [pico(spent.within(window, byok=True) - spent.within(window)) for window in (None, *WINDOWS)]
        self._free = spent.free_requests_daily

    def add(self, day: int, charge: Charge) -> None:
        """Add a charge on a day, counted from 1970."""
        self.move(day)
        for place, start in enumerate((0, *self._starts)):
            if day >= start:
                self._usage[place] += charge.usage
                self._byok[place] += charge.byok
        if day >= self._starts[0]:
            self._free += charge.free

    def move(self, day: int) -> None:
        """Begin the windows that begin by a day."""
        if day <= self._starts[0]:
            return
        starts = _starts(day)
        for place, (old, new) in enumerate(zip(self._starts, starts, strict=True)):
            if new > old:
                self._usage[place + 1] = self._byok[place + 1] = 0
        self._free = 0
        self._starts = starts

    def spent(self, day: int) -> Spent:
        """Return the sums as limits see them on a day."""
        self.move(day)
        usage, byok = ([Decimal(amount).scaleb(_PICO) for amount in kept] for kept in (self._usage, self._byok))
        return Spent(
            usage=usage[0],
            usage_daily=usage[1],
            usage_weekly=usage[2],
            usage_monthly=usage[3],
            byok_usage=byok[0],
            byok_usage_daily=byok[1],
            byok_usage_weekly=byok[2],
            byok_usage_monthly=byok[3],
            free_requests_daily=self._free,
        )

    @property
    def total(self) -> Decimal:
        """USD paid in all."""
        return Decimal(self._usage[0]).scaleb(_PICO)


def _starts(day: int) -> tuple[int, ...]:
    today = date.fromordinal(day + _FIRST)
    return tuple(window_start(window, today).toordinal() - _FIRST for window in WINDOWS)


@dataclass(frozen=True, slots=True)
class Known:
    """A key whose spending is kept: everybody it adds to, and the budgets of its workspace."""

    scopes: tuple[Scope, ...]
    budgets: tuple[WorkspaceBudget, ...]


class SpendingMemory:
    """The tallies of everybody that remembered keys add to. Not for several threads at once."""

    def __init__(self, credits_usd: Decimal | None = None) -> None:
        self._credits = credits_usd
        self._keys: OrderedDict[str, Known] = OrderedDict()
        self._tallies: dict[Scope, Tally] = {}
        self._users: dict[Scope, int] = {}

    def missing(self, caller: Caller) -> list[Scope]:
        """Return those of whose spending nothing is known."""
        return [scope for scope in scopes_of(caller) if scope not in self._tallies]

    def learn(self, caller: Caller, tallies: dict[Scope, Tally], budgets: Iterable[WorkspaceBudget]) -> None:
        """Remember a caller's key, with the tallies that were missing."""
        known = Known(scopes_of(caller), tuple(budgets))
        self._tallies.update(tallies)
        for scope in known.scopes:
            self._users[scope] = self._users.get(scope, 0) + 1
        self._drop(caller.key.hash)
        self._keys[caller.key.hash] = known
        while len(self._keys) > REMEMBERED:
            self._drop(next(iter(self._keys)))

    def known(self) -> list[Scope]:
        """Return everybody whose spending is kept."""
        return list(self._tallies)

    def replace(self, tallies: dict[Scope, Tally]) -> None:
        """Put tallies in the place of those that are kept."""
        self._tallies.update((scope, tally) for scope, tally in tallies.items() if scope in self._tallies)

    def add(self, booked: Booked, number: int | None = None) -> None:
        """Add a charge; one of a numbered batch only to tallies that do not hold that batch already."""
        payer, charge = booked
        for scope in payer.scopes:
            tally = self._tallies.get(scope)
            if tally is not None and (number is None or tally.as_of < number):
                tally.add(payer.day, charge)

    def require(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let a caller spend: budgets and limits in their order, then the account's credits (policy spec 5.9).

        Raises `Forbidden`, `PaymentRequired`, and `StoreUnavailable` where nothing is known of the caller.
        """
        known = self._keys.get(caller.key.hash)
        if known is None:
            raise StoreUnavailable("what this key has spent is not known yet")
        self._keys.move_to_end(caller.key.hash)
        if _limited(caller, known):
            refusal = self._refusal(caller, known, now)
            if refusal is not None:
                raise refusal
        if self._credits is not None:
            balance = self._credits - self._tallies[Scope(ACCOUNT, caller.key.account_id)].total
            # A balance of exactly 0 still calls what is free (gateway 5.6).
            if balance < 0 or (balance == 0 and not free):
                raise PaymentRequired

    def _refusal(self, caller: Caller, known: Known, now: float) -> TrunklineError | None:
        day = int(now) // DAY
        spent = {scope.kind: self._tallies[scope].spent(day) for scope in known.scopes}
        spends = Spends(key=spent[KEY], member=spent.get(MEMBER), workspace=spent.get(WORKSPACE))
        found = exhausted(budgets_of(caller, spends, known.budgets, datetime.fromtimestamp(now, UTC)))
        if found is None:
            return None
        return (PaymentRequired if found.status == PaymentRequired.status else Forbidden)(found.message)

    def _drop(self, key_hash: str) -> None:
        known = self._keys.pop(key_hash, None)
        for scope in () if known is None else known.scopes:
            self._users[scope] -= 1
            if not self._users[scope]:
                del self._users[scope], self._tallies[scope]


def scopes_of(caller: Caller) -> tuple[Scope, ...]:
    """Return everybody whose spending a caller adds to."""
    key = caller.key
    workspace_id = None if caller.workspace is None else caller.workspace.id
    return scopes(key.account_id, key.hash, workspace_id, key.creator_user_id)


def _limited(caller: Caller, known: Known) -> bool:
    guardrails = (caller.default_guardrail, caller.member_guardrail, caller.key_guardrail)
    return (
        caller.key.limit is not None
        or bool(known.budgets)
        or any(each is not None and each.limit_usd is not None for each in guardrails)
    )
