"""What was spent by those who call here, held in memory as the store has it plus what this process has added."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from trunkline.server.domain.catalog.pricing import DAY
from trunkline.server.domain.generation.cost import pico
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.budget import Limit, exhausted, held_text, limits_of
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.charge import ACCOUNT, Booked, Charge, Scope, charge_of, scopes
from trunkline.server.domain.policy.holds import NOTHING, Amount, Hold, Holds
from trunkline.server.domain.policy.spend import WINDOWS, Spent, window_start
from trunkline.server.domain.policy.workspace import WorkspaceBudget
from trunkline.server.errors import Forbidden, PaymentRequired, StoreUnavailable, TrunklineError

REMEMBERED: Final = 50_000
"""Keys whose spending is kept; the one that was silent longest goes first, and is read anew when it returns."""
PLACES: Final = {window: place for place, window in enumerate(WINDOWS, 1)}
"""The windows of a tally by name; 0 is all of time."""
SHARE: Final = 32
"""A process does not ask the others while all that it has spoken for is at most one in so many parts of what is left of
a limit: as many processes may do the same, and together stay under it."""
_FIRST: Final = date(1970, 1, 1).toordinal()
_PICO: Final = -12


class Tally:
    """The spending of one scope in whole 10^-12 USD: in all, and before each running window began."""

    __slots__ = ("_byok", "_byok_before", "_day", "_free", "_starts", "_usage", "_usage_before", "as_of")

    def __init__(self, spent: Spent, as_of: int, day: int) -> None:
        self.as_of = as_of
        self._day = day
        self._starts = _starts(day)
        self._usage = pico(spent.usage)
        self._byok = pico(spent.byok_usage)
        # By place: all of time is a window that nothing came before.
        self._usage_before = [self._usage - pico(spent.within(window)) for window in (None, *WINDOWS)]
        self._byok_before = [
            self._byok - pico(spent.within(window, byok=True) - spent.within(window)) for window in (None, *WINDOWS)
        ]
        self._free = spent.free_requests_daily

    def add(self, day: int, charge: Charge) -> None:
        """Add a charge on a day, counted from 1970."""
        if day != self._day:
            self.move(day)
            self._add_before(day, charge)
        else:
            self._free += charge.free
        self._usage += charge.usage
        self._byok += charge.byok

    def _add_before(self, day: int, charge: Charge) -> None:
        for place, start in enumerate(self._starts, 1):
            if day < start:
                self._usage_before[place] += charge.usage
                self._byok_before[place] += charge.byok
        if day == self._day:
            self._free += charge.free

    def move(self, day: int) -> None:
        """Begin the windows that begin by a day."""
        if day <= self._day:
            return
        starts = _starts(day)
        for place, (old, new) in enumerate(zip(self._starts, starts, strict=True), 1):
            if new > old:
                self._usage_before[place], self._byok_before[place] = self._usage, self._byok
        self._free = 0
        self._day, self._starts = day, starts

    def spent(self, day: int) -> Spent:
        """Return the sums as limits see them on a day."""
        amounts = [self.within(place, day) for place in range(len(self._usage_before))]
        usage = [Decimal(amount.usage).scaleb(_PICO) for amount in amounts]
        byok = [Decimal(amount.byok).scaleb(_PICO) for amount in amounts]
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

    def within(self, place: int, day: int) -> Amount:
        """Return what was spent by a day in one window of `PLACES`."""
        self.move(day)
        return Amount(self._usage - self._usage_before[place], self._byok - self._byok_before[place])


def _starts(day: int) -> tuple[int, ...]:
    today = date.fromordinal(day + _FIRST)
    return tuple(window_start(window, today).toordinal() - _FIRST for window in WINDOWS)


@dataclass(frozen=True, slots=True)
class Watched:
    """A limit as it is compared: whole 10^-12 USD, in one window of a tally. `told` None: the account's credits."""

    whose: Scope
    place: int
    pico: int
    byok: bool
    told: Limit | None = None

    def is_reached(self, spent: int, *, free: bool) -> bool:
        """Tell whether so much spent leaves nothing; a balance of exactly 0 still calls what is free (gateway 5.6)."""
        return spent >= self.pico and (spent > self.pico or self.told is not None or not free)


@dataclass(frozen=True, slots=True)
class Known:
    """A key whose spending is kept: everybody it adds to, and the limits that it is under, in their order."""

    scopes: tuple[Scope, ...]
    limits: tuple[Watched, ...]


class SpendingMemory:
    """The tallies of everybody that remembered keys add to, and what is held. Not for several threads at once."""

    def __init__(self, credits_usd: Decimal | None = None) -> None:
        self._credits = credits_usd
        self._keys: OrderedDict[str, Known] = OrderedDict()
        self._tallies: dict[Scope, Tally] = {}
        self._users: dict[Scope, int] = {}
        self._payers: dict[tuple[str, str, str | None, str | None], tuple[Tally, ...]] = {}
        """What charges on a payer add to, found once; forgotten whenever a tally comes or goes."""
        self.holds = Holds()

    def missing(self, caller: Caller) -> list[Scope]:
        """Return those of whose spending nothing is known."""
        return [scope for scope in scopes_of(caller) if scope not in self._tallies]

    def learn(self, caller: Caller, tallies: dict[Scope, Tally], budgets: Iterable[WorkspaceBudget]) -> None:
        """Remember a caller's key, with the tallies that were missing."""
        known = Known(scopes_of(caller), tuple(self._watched(caller, budgets)))
        self._payers.clear()
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
        self._payers.clear()
        self._tallies.update((scope, tally) for scope, tally in tallies.items() if scope in self._tallies)

    def add(self, booked: Booked, number: int | None = None) -> None:
        """Add a charge; one of a numbered batch only to tallies that do not hold that batch already."""
        payer, charge = booked
        for scope in payer.scopes:
            tally = self._tallies.get(scope)
            if tally is not None and (number is None or tally.as_of < number):
                tally.add(payer.day, charge)

    def spend(self, record: GenerationRecord) -> Charge:
        """Add what a generation costs, and return it."""
        payer = (record.account_id, record.key_hash, record.workspace_id, record.user_id)
        tallies = self._payers.get(payer)
        if tallies is None:
            found = [self._tallies.get(scope) for scope in scopes(*payer)]
            tallies = self._payers[payer] = tuple([tally for tally in found if tally is not None])
        charge, day = charge_of(record), int(record.created) // DAY
        for tally in tallies:
            tally.add(day, charge)
        return charge

    def worth(self, account_id: str, now: float) -> Decimal:
        """Return the list price (USD) of an account's calls with own keys this month, 0 for an unknown account."""
        tally = self._tallies.get(Scope(ACCOUNT, account_id))
        if tally is None:
            return Decimal(0)
        return Decimal(tally.within(PLACES["monthly"], int(now) // DAY).byok).scaleb(_PICO)

    def require(self, caller: Caller, now: float, *, free: bool) -> None:
        """Let a caller spend: budgets and limits in their order, then the account's credits (policy spec 5.9).

        What is held counts as spent. Raises `Forbidden`, `PaymentRequired`, and `StoreUnavailable` where nothing is
        known of the caller.
        """
        known = self._keys.get(caller.key.hash)
        if known is None:
            raise StoreUnavailable("what this key has spent is not known yet")
        self._keys.move_to_end(caller.key.hash)
        if known.limits and (refusal := self.refusal(known.limits, now, free=free)) is not None:
            raise refusal

    def limits(self, caller: Caller) -> tuple[Watched, ...]:
        """Return the limits that a caller is under, those of its account's credits last; none where it is unknown."""
        known = self._keys.get(caller.key.hash)
        return () if known is None else known.limits

    def is_near(self, hold: Hold, limits: Iterable[Watched], now: float) -> bool:
        """Tell whether a hold brings a limit so near that the other processes have to be asked."""
        day = int(now) // DAY
        for limit in limits:
            if hold.amount.counted(byok=limit.byok):
                ours = self.holds.claimed(limit.whose).plus(self.holds.asking(limit.whose)).counted(byok=limit.byok)
                if ours * SHARE > limit.pico - self._spent(limit, day):
                    return True
        return False

    def refusal(
        self, limits: Iterable[Watched], now: float, *, free: bool, held: Mapping[Scope, Amount] | None = None
    ) -> TrunklineError | None:
        """Return how the first limit that is reached refuses; `held` stands in for what is held here, where given."""
        day = int(now) // DAY
        for limit in limits:
            found = self.holds.under_way(limit.whose) if held is None else held.get(limit.whose, NOTHING)
            kept = found.counted(byok=limit.byok)
            if limit.is_reached(self._spent(limit, day) + kept, free=free):
                return self._told(limit, day, now, Decimal(kept).scaleb(_PICO))
        return None

    def _spent(self, limit: Watched, day: int) -> int:
        tally = self._tallies.get(limit.whose)
        return 0 if tally is None else tally.within(limit.place, day).counted(byok=limit.byok)

    def _told(self, limit: Watched, day: int, now: float, held: Decimal) -> TrunklineError:
        if limit.told is None:
            over = self._spent(limit, day) >= limit.pico
            return PaymentRequired(None if over else f"{PaymentRequired.message}. {held_text(held)}")
        spent = self._tallies[limit.whose].spent(day)
        found = exhausted([limit.told.budget(spent, datetime.fromtimestamp(now, UTC), held)])
        assert found is not None, "it is reached"
        return (PaymentRequired if found.status == PaymentRequired.status else Forbidden)(found.message)

    def _watched(self, caller: Caller, budgets: Iterable[WorkspaceBudget]) -> Iterator[Watched]:
        for limit in limits_of(caller, budgets):
            place = PLACES.get(limit.interval or "", 0)
            yield Watched(limit.whose, place, pico(limit.limit_usd), limit.byok, limit)
        if self._credits is not None:
            yield Watched(Scope(ACCOUNT, caller.key.account_id), 0, pico(self._credits), byok=False)

    def _drop(self, key_hash: str) -> None:
        known = self._keys.pop(key_hash, None)
        for scope in () if known is None else known.scopes:
            self._users[scope] -= 1
            if not self._users[scope]:
                self._payers.clear()
                del self._users[scope], self._tallies[scope]


def scopes_of(caller: Caller) -> tuple[Scope, ...]:
    """Return everybody whose spending a caller adds to."""
    key = caller.key
    workspace_id = None if caller.workspace is None else caller.workspace.id
    return scopes(key.account_id, key.hash, workspace_id, key.creator_user_id)
