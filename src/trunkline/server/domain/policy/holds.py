"""Money that is spoken for and not spent yet: held while a call is under way, then known, then in the store (spec 5.6).

A hold adds to everybody whose limits its call is under, and leaves each of them exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final, NamedTuple

from trunkline.server.domain.policy.charge import Scope


class Amount(NamedTuple):
    """An amount in whole 10^-12 USD: paid, and the worth of calls on own keys."""

    usage: int = 0
    byok: int = 0

    def plus(self, other: Amount) -> Amount:
        """Return the sum of both."""
        return Amount(self.usage + other.usage, self.byok + other.byok)

    def minus(self, other: Amount) -> Amount:
        """Return what is left without another amount."""
        return Amount(self.usage - other.usage, self.byok - other.byok)

    def counted(self, *, byok: bool) -> int:
        """Return what counts against a limit, with calls on own keys or without them."""
        return self.usage + self.byok if byok else self.usage


NOTHING: Final = Amount()


class State(Enum):
    """Where a hold is on its way. Money is spoken for in all states but the last."""

    ASKED = auto()
    """The other processes have not been asked yet."""
    HELD = auto()
    """Its call is under way."""
    SPENT = auto()
    """Its call has ended; the amount is what it cost, and the store does not have it yet."""
    GONE = auto()


class Hold:
    """What one call may cost at most, in the limits of `scopes`, and then what it did cost."""

    __slots__ = ("amount", "scopes", "state")

    def __init__(self, scopes: tuple[Scope, ...], amount: Amount, state: State) -> None:
        self.scopes = scopes
        self.amount = amount
        self.state = state


class Holds:
    """All holds of one process, added up by scope and state. Not for several threads at once."""

    def __init__(self) -> None:
        self._sums: dict[State, dict[Scope, Amount]] = {State.ASKED: {}, State.HELD: {}, State.SPENT: {}}

    def take(self, scopes: tuple[Scope, ...], amount: Amount, *, asks: bool = False) -> Hold:
        """Hold an amount for a call; one that `asks` is not granted yet."""
        hold = Hold(scopes, amount, State.GONE)
        self._move(hold, State.ASKED if asks else State.HELD, amount)
        return hold

    def grant(self, hold: Hold) -> None:
        """Let the call of a hold begin that had to ask; any other stays as it is."""
        if hold.state is State.ASKED:
            self._move(hold, State.HELD, hold.amount)

    def settle(self, hold: Hold, cost: Amount) -> None:
        """Put what a call has cost in the place of what was held for it; nothing where it was let go already."""
        if hold.state in (State.ASKED, State.HELD):
            self._move(hold, State.SPENT, cost)

    def release(self, hold: Hold) -> None:
        """Let go of a hold, whose call did not come to be or whose cost the store has; the second time is nothing."""
        if hold.state is not State.GONE:
            self._move(hold, State.GONE, NOTHING)

    def under_way(self, scope: Scope) -> Amount:
        """Return what is held in a scope for calls that have not ended, those that still ask among them."""
        return self.granted(scope).plus(self.asking(scope))

    def granted(self, scope: Scope) -> Amount:
        """Return what is held in a scope for calls that have not ended and need not ask."""
        return self._sums[State.HELD].get(scope, NOTHING)

    def asking(self, scope: Scope) -> Amount:
        """Return what is held in a scope for calls that still ask."""
        return self._sums[State.ASKED].get(scope, NOTHING)

    def claimed(self, scope: Scope) -> Amount:
        """Return what other processes cannot know of by themselves: granted calls, and costs not in the store yet."""
        return self.granted(scope).plus(self._sums[State.SPENT].get(scope, NOTHING))

    def scopes(self) -> Iterable[Scope]:
        """Return every scope in which anything is spoken for."""
        return {scope for sums in self._sums.values() for scope in sums}

    def _move(self, hold: Hold, state: State, amount: Amount) -> None:
        for scope in hold.scopes:
            self._add(hold.state, scope, NOTHING.minus(hold.amount))
            self._add(state, scope, amount)
        hold.state, hold.amount = state, amount

    def _add(self, state: State, scope: Scope, amount: Amount) -> None:
        sums = self._sums.get(state)
        if sums is None:
            return
        total = sums.get(scope, NOTHING).plus(amount)
        if total == NOTHING:
            sums.pop(scope, None)
        else:
            sums[scope] = total
