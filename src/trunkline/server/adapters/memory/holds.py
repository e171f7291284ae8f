"""Holds of one process as the others know of them: alone far from a limit, agreed on in the store near one.

`docs/decisions`, "Limits that bind", says why.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from trunkline.server.adapters.memory.rounds import Rounds
from trunkline.server.adapters.memory.spending import SpendingMemory, Watched
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.charge import Scope
from trunkline.server.domain.policy.holds import NOTHING, Amount, Hold, State
from trunkline.server.errors import StoreUnavailable, TrunklineError

if TYPE_CHECKING:
    from trunkline.server.adapters.store.traffic import SqlTraffic, Turn

ASK_SECONDS: Final = 2.0
"""How long a call waits for what the others hold, before this process decides by what it knows itself."""
SILENT_SECONDS: Final = 5.0
"""How long nobody is asked after that."""
TOLD_SECONDS: Final = 30.0
"""How often a process repeats what it holds, which expires otherwise."""


@dataclass(slots=True, eq=False)
class Asked:
    """A hold on its way to the other processes, with the limits that it is under; `refusal` is what came back."""

    hold: Hold
    limits: tuple[Watched, ...]
    free: bool
    refusal: TrunklineError | None = None
    is_answered: bool = False


class SharedHolds:
    """`lock` guards memory; whatever talks to the store is called by one thread at a time, which `round_` sees to.

    `round_` writes what has been settled, follows the others, and calls `tell`.
    """

    def __init__(
        self,
        spending: SpendingMemory,
        lock: threading.Lock,
        traffic: SqlTraffic,
        run_id: str,
        clock: Callable[[], float],
        round_: Callable[[], None],
    ) -> None:
        self._spending = spending
        self._holds = spending.holds
        self._lock = lock
        self._traffic = traffic
        self._run_id = run_id
        self._clock = clock
        self._rounds = Rounds(round_)
        self._asked: dict[Hold, Asked] = {}
        self._unwritten: dict[str, Hold] = {}
        self._told: dict[Scope, Amount] = {}
        self._told_at = self._silent_until = float("-inf")

    def reserve(self, caller: Caller, now: float, *, free: bool, most: Callable[[], Amount]) -> Hold | None:
        """Hold what a call costs at `most`; return None where its caller is under no limit.

        Raises `PaymentRequired` and `Forbidden` where a limit is reached.
        """
        limits = self._spending.limits(caller)
        if not limits:
            return None
        amount = most()
        with self._lock:
            if (refusal := self._spending.refusal(limits, now, free=free)) is not None:
                raise refusal
            hold = self._holds.take(tuple(dict.fromkeys(limit.whose for limit in limits)), amount, asks=True)
            if self._spending.is_near(hold, limits, now):
                self._asked[hold] = Asked(hold, limits, free)
            else:
                self._holds.grant(hold)
        return hold

    async def secure(self, hold: Hold) -> None:
        """Ask the other processes for a hold that has to ask; without an answer what is known here decides.

        Raises `PaymentRequired` and `Forbidden`; the hold is gone then.
        """
        if hold.state is not State.ASKED:
            return
        await self._next_round()
        with self._lock:
            asked = self._asked.pop(hold, None)
            if asked is None or asked.refusal is None:
                self._holds.grant(hold)
                return
            self._holds.release(hold)
        raise asked.refusal

    async def freed(self, hold: Hold) -> None:
        """Return when the other processes know that a call has ended of which they knew that it was under way."""
        if hold.state is State.SPENT and self.are_told(hold):
            await self._next_round()

    def are_told(self, hold: Hold) -> bool:
        """Tell whether the other processes know of anything that is held where this is."""
        return any(scope in self._told for scope in hold.scopes)

    def release(self, hold: Hold) -> None:
        """Let go of a hold whose call has not come to be."""
        with self._lock:
            self.drop(hold)

    def drop(self, hold: Hold) -> None:
        """Let go of a hold, under the lock."""
        self._asked.pop(hold, None)
        self._holds.release(hold)

    def settle(self, record_id: str, hold: Hold, cost: Amount) -> None:
        """Put a call's cost in the place of what was held for it, until its record is stored. Under the lock."""
        self._asked.pop(hold, None)
        self._holds.settle(hold, cost)
        self._unwritten[record_id] = hold

    def once_stored(self) -> dict[Scope, Amount]:
        """Return what the others are to know of once all that is settled has been stored. Under the lock."""
        return {scope: self._holds.granted(scope) for scope in self._told}

    def stored(self, record_ids: Iterable[str], told: Mapping[Scope, Amount] | None = None) -> None:
        """Let go of the holds of records that have been stored, and with them what the others have been `told`."""
        with self._lock:
            if self._unwritten:
                for record_id in record_ids:
                    hold = self._unwritten.pop(record_id, None)
                    if hold is not None:
                        self._holds.release(hold)
        if told is not None:
            self._told = _nonzero(told)

    def tell(self, follow: Callable[[Turn], None]) -> bool:
        """Answer what has been asked, and keep the others informed of what they have been told before.

        `follow` counts what the others have written by then. Returns whether the others know of anything that is held
        here. Raises `StoreUnavailable`.
        """
        with self._lock:
            asked = [each for each in self._asked.values() if not each.is_answered]
            mine = {scope: self._holds.claimed(scope) for scope in self._told}
        now = self._clock()
        is_due = bool(mine) and now - self._told_at >= TOLD_SECONDS
        if not asked and mine == self._told and not is_due:
            return bool(mine)
        with self._traffic.turn(self._run_id, now) as turn:
            follow(turn)
            others = turn.held({scope for each in asked for scope in each.hold.scopes})
            with self._lock:
                refusals, told = self._decide(asked, others, now)
            turn.hold(told)
        with self._lock:
            for each, refusal in zip(asked, refusals, strict=True):
                each.refusal, each.is_answered = refusal, True
                if refusal is None:
                    self._holds.grant(each.hold)
        self._told, self._told_at = _nonzero(told), now
        return bool(self._told)

    def withdraw(self) -> None:
        """Tell the others that nothing is held here any more: this process ends. Raises `StoreUnavailable`."""
        if self._told:
            with self._traffic.turn(self._run_id, self._clock()) as turn:
                turn.hold(dict.fromkeys(self._told, NOTHING))
            self._told = {}

    async def _next_round(self) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._rounds.next()
        except (TimeoutError, StoreUnavailable):
            self._silent_until = time.monotonic() + SILENT_SECONDS

    def _decide(
        self, asked: Sequence[Asked], others: Mapping[Scope, Amount], now: float
    ) -> tuple[list[TrunklineError | None], dict[Scope, Amount]]:
        """Return how each is refused, if it is, in the order in which they asked; and what is held then."""
        told = {scope: self._holds.claimed(scope) for scope in self._told}
        held: dict[Scope, Amount] = {}
        refusals: list[TrunklineError | None] = []
        for each in asked:
            for scope in each.hold.scopes:
                held.setdefault(scope, self._holds.granted(scope).plus(others.get(scope, NOTHING)))
                told.setdefault(scope, self._holds.claimed(scope))
            refusals.append(self._spending.refusal(each.limits, now, free=each.free, held=held))
            if refusals[-1] is None:
                for scope in each.hold.scopes:
                    held[scope] = held[scope].plus(each.hold.amount)
                    told[scope] = told[scope].plus(each.hold.amount)
        return refusals, told


def _nonzero(amounts: Mapping[Scope, Amount]) -> dict[Scope, Amount]:
    return {scope: amount for scope, amount in amounts.items() if amount != NOTHING}
