"""Money that is spoken for: never negative, never more than a limit and the calls in flight, let go of exactly once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from trunkline.server.domain.policy.charge import ACCOUNT, KEY, Scope
from trunkline.server.domain.policy.holds import NOTHING, Amount, Hold, Holds, State

KEYS = tuple(Scope(KEY, "a", name) for name in "xyz")
WHOLE = Scope(ACCOUNT, "a")
LIMIT = 100
amounts = st.integers(0, 30)


class Calls(RuleBasedStateMachine):
    """Calls with three keys of one account, which has a limit; each call costs at most what is held for it."""

    flying = Bundle("flying")
    ended = Bundle("ended")

    def __init__(self) -> None:
        super().__init__()
        self.holds = Holds()
        self.stored = dict.fromkeys((*KEYS, WHOLE), 0)
        self.largest = 0
        self.alive: dict[Hold, int] = {}

    def spent(self, scope: Scope) -> int:
        """What the ledger of this process counts as spent: what is stored, and what is about to be."""
        waiting = sum(each.amount.usage for each in self.alive if each.state is State.SPENT and scope in each.scopes)
        return self.stored[scope] + waiting

    @rule(target=flying, key=st.sampled_from(KEYS), amount=amounts, asks=st.booleans())
    def arrive(self, key: Scope, amount: int, asks: bool) -> Hold | None:
        if self.spent(WHOLE) + self.holds.under_way(WHOLE).usage >= LIMIT:
            return None
        self.largest = max(self.largest, amount)
        hold = self.holds.take((key, WHOLE), Amount(amount, amount // 2), asks=asks)
        self.alive[hold] = amount
        return hold

    @rule(hold=flying)
    def grant(self, hold: Hold | None) -> None:
        if hold is not None:
            self.holds.grant(hold)

    @rule(target=ended, hold=consumes(flying), share=st.fractions(0, 1))
    def settle(self, hold: Hold | None, share: object) -> Hold | None:
        if hold is not None:
            cost = int(self.alive[hold] * share)  # type: ignore[operator]
            for _ in range(2):
                self.holds.settle(hold, Amount(cost, 0))
            self.holds.grant(hold)  # an answer of the others that comes too late
        return hold

    @rule(hold=consumes(flying), times=st.integers(1, 3))
    def release(self, hold: Hold | None, times: int) -> None:
        if hold is not None:
            for _ in range(times):
                self.holds.release(hold)
            self.holds.settle(hold, Amount(7, 7))  # a call that was let go of holds nothing any more
            del self.alive[hold]

    @rule(hold=consumes(ended), times=st.integers(1, 3))
    def store(self, hold: Hold | None, times: int) -> None:
        if hold is not None:
            for scope in hold.scopes:
                self.stored[scope] += hold.amount.usage
            for _ in range(times):
                self.holds.release(hold)
            del self.alive[hold]

    @invariant()
    def sums_are_those_of_the_holds_that_live(self) -> None:
        for scope in (*KEYS, WHOLE):
            of = [each for each in self.alive if scope in each.scopes]

            def total(*states: State, of: list[Hold] = of) -> Amount:
                found = [each.amount for each in of if each.state in states]
                return Amount(sum(each.usage for each in found), sum(each.byok for each in found))

            assert self.holds.granted(scope) == total(State.HELD)
            assert self.holds.asking(scope) == total(State.ASKED)
            assert self.holds.under_way(scope) == total(State.ASKED, State.HELD)
            assert self.holds.claimed(scope) == total(State.HELD, State.SPENT)
            assert min(*self.holds.under_way(scope), *self.holds.claimed(scope)) >= 0

    @invariant()
    def a_limit_is_passed_by_less_than_one_call(self) -> None:
        assert self.spent(WHOLE) + self.holds.under_way(WHOLE).usage < LIMIT + max(self.largest, 1)

    @invariant()
    def nothing_is_left_when_everything_has_ended(self) -> None:
        if not self.alive:
            assert not self.holds.scopes()
            assert self.holds.claimed(WHOLE) == NOTHING


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
