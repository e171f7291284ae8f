"""Budgets and limits: what is left, which one blocks, what the refusal says (spec 2.10, 5.9)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.policy.account import Account, AccountKind
from trunkline.server.domain.policy.budget import (
    KeyBudget,
    Scope,
    Spends,
    budgets_of,
    dollars,
    effective,
    exhausted,
    limit_remaining,
    limits_of,
    require_order,
)
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.domain.policy.spend import Spent
from trunkline.server.domain.policy.workspace import INTERVALS, Workspace, WorkspaceBudget
from trunkline.server.errors import BadRequest

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)


def guardrail(limit: int | None, interval: str | None = "monthly", *, byok: bool = False, name: str = "g") -> Guardrail:
    return Guardrail(
        id=name,
        account_id="x",
        name=name,
        created_at=NOW,
        limit_usd=None if limit is None else Decimal(limit),
        reset_interval=None if limit is None else interval,
        include_byok_in_budgets=byok,
    )


def caller(
    limit: int | None = None,
    reset: str | None = None,
    *,
    byok: bool = False,
    member: str | None = "ada",
    **guardrails: Any,
) -> Caller:
    key = Key(
        hash="0" * 64,
        name="k",
        label="l",
        account_id="x",
        created_at=NOW,
        creator_user_id=member,
        limit=None if limit is None else Decimal(limit),
        limit_reset=reset,
        include_byok_in_limit=byok,
    )
    account = Account(id="x", name="x", kind=AccountKind.ORGANIZATION, created_at=NOW)
    workspace = Workspace(id="w", account_id="x", name="w", slug="w", created_at=NOW, include_byok_in_budgets=byok)
    return Caller(key=key, account=account, workspace=workspace, **guardrails)


def workspace_budget(interval: str, limit: int) -> WorkspaceBudget:
    return WorkspaceBudget(
        id=interval, workspace_id="w", interval=interval, limit_usd=Decimal(limit), created_at=NOW, updated_at=NOW
    )


def spent(monthly: float, **more: float) -> Spent:
    given = {"usage": monthly, "usage_monthly": monthly, **more}
    return Spent(**{name: Decimal(str(amount)) for name, amount in given.items()})


def test_budgets_come_in_the_order_in_which_they_are_checked():
    of = caller(
        100,
        "daily",
        default_guardrail=guardrail(10, name="d"),
        member_guardrail=guardrail(20, name="m"),
        key_guardrail=guardrail(30, name="k"),
    )
    budgets = [workspace_budget("daily", 1), workspace_budget("lifetime", 3), workspace_budget("monthly", 2)]
    rows = budgets_of(of, Spends(spent(1), spent(2), spent(3)), budgets, NOW)
    assert [(row.scope.value, row.guardrail_id, row.budget_id, row.spend_usd) for row in rows] == [
        ("workspace_default_member", "d", None, 2),
        ("workspace_default_key", "d", None, 1),
        ("member", "m", None, 2),
        ("api_key", "k", None, 1),
        ("workspace", None, "lifetime", 3),
        ("workspace", None, "monthly", 3),
        ("workspace", None, "daily", 0),
        ("key_limit", None, None, 0),
    ]
    assert [row.reset_interval for row in rows[3:]] == ["monthly", None, "monthly", "daily", "daily"]
    assert [row.resets_at for row in rows[3:]] == [
        datetime(2026, 9, 1, tzinfo=UTC),
        None,
        datetime(2026, 9, 1, tzinfo=UTC),
        datetime(2026, 8, 23, tzinfo=UTC),
        datetime(2026, 8, 23, tzinfo=UTC),
    ]


def test_a_key_without_a_member_has_no_budget_of_a_member():
    of = caller(member=None, default_guardrail=guardrail(10), member_guardrail=guardrail(10))
    assert [row.scope for row in budgets_of(of, Spends(spent(1)), [], NOW)] == [Scope.DEFAULT_KEY]


def test_budgets_of_guardrails_are_per_member_and_per_key_never_pooled():
    """Keys that spent 15 and 10 pass 20 per key; 20 per member blocks both, for 25 was spent."""
    a, b, member = spent(15), spent(10), spent(25)
    per_key, per_member = caller(key_guardrail=guardrail(20)), caller(member_guardrail=guardrail(20))
    for key in (a, b):
        assert exhausted(budgets_of(per_key, Spends(key, member), [], NOW)) is None
        refusal = exhausted(budgets_of(per_member, Spends(key, member), [], NOW))
        assert refusal is not None
        assert (refusal.status, refusal.budget.scope) == (403, Scope.MEMBER)


@pytest.mark.parametrize(("key", "member", "blocked"), [(29, 29, None), (30, 30, "api_key"), (5, 100, "member")])
def test_the_tighter_of_two_budgets_wins(key: int, member: int, blocked: str | None):
    of = caller(member_guardrail=guardrail(100), key_guardrail=guardrail(30))
    refusal = exhausted(budgets_of(of, Spends(spent(key), spent(member)), [], NOW))
    assert (None if refusal is None else refusal.budget.scope) == blocked


def test_met_is_as_good_as_exceeded():
    of = caller(5)
    assert exhausted(budgets_of(of, Spends(spent(4.999999999999)), [], NOW)) is None
    refusal = exhausted(budgets_of(of, Spends(spent(5)), [], NOW))
    assert refusal is not None
    assert refusal.status == 402
    assert refusal.message.startswith("Key limit exceeded (total limit). ")


def test_a_limit_of_zero_lets_nothing_be_spent():
    refusal = exhausted(budgets_of(caller(0, "monthly"), Spends(Spent()), [], NOW))
    assert refusal is not None
    assert refusal.message.startswith("Key limit exceeded (monthly limit). ")


def test_a_workspace_s_refusal_names_the_broadest_interval_exceeded():
    budgets = [workspace_budget("daily", 5), workspace_budget("monthly", 500), workspace_budget("lifetime", 9000)]
    used = Spent(usage=Decimal(600), usage_monthly=Decimal(500), usage_daily=Decimal(50))
    refusal = exhausted(budgets_of(caller(), Spends(Spent(), None, used), budgets, NOW))
    assert refusal is not None
    assert refusal.status == 403
    assert refusal.message == "Workspace monthly budget of $500.00 exceeded. Contact your org admin."


def test_own_keys_count_where_they_are_asked_to():
    used = Spent(usage=Decimal(1), usage_monthly=Decimal(1), byok_usage=Decimal(9), byok_usage_monthly=Decimal(9))
    spends = Spends(used, used, used)
    for byok in (True, False):
        of = caller(10, "monthly", byok=byok, key_guardrail=guardrail(10, byok=byok))
        rows = budgets_of(of, spends, [workspace_budget("monthly", 10)], NOW)
        assert [row.spend_usd for row in rows] == [10 if byok else 1] * 3
        assert [row.remaining_usd for row in rows] == [0 if byok else 9] * 3
        assert {row.include_byok for row in rows} == {byok}


def test_the_effective_budget_is_the_one_that_blocks_else_the_tightest():
    of = caller(50, member_guardrail=guardrail(20), key_guardrail=guardrail(30))
    assert effective([]) is None
    tightest = effective(budgets_of(of, Spends(spent(5), spent(5)), [], NOW))
    assert tightest is not None
    assert tightest.scope is Scope.MEMBER
    blocking = effective(budgets_of(of, Spends(spent(30), spent(20)), [], NOW))
    assert blocking is not None
    assert blocking.scope is Scope.MEMBER
    only_key = effective(budgets_of(of, Spends(spent(30), spent(19)), [], NOW))
    assert only_key is not None
    assert only_key.scope is Scope.API_KEY


def test_what_is_held_for_calls_under_way_counts_as_spent_and_the_refusal_says_so():
    (limit,) = limits_of(caller(5, "monthly"), [])
    assert exhausted([limit.budget(spent(4), NOW, Decimal("0.999999"))]) is None
    refusal = exhausted([limit.budget(spent(4), NOW, Decimal(1))])
    assert refusal is not None
    assert refusal.status == 402
    assert refusal.message.startswith("Key limit exceeded (monthly limit). ")
    assert " $1 of it is held for calls under way; " in refusal.message
    only_spent = exhausted([limit.budget(spent(5), NOW, Decimal(1))])
    assert only_spent is not None
    assert "held" not in only_spent.message


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6))
def test_a_call_is_refused_exactly_when_a_budget_blocks(amounts: list[tuple[int, int]]):
    rows = [
        KeyBudget(scope, Decimal(limit), Decimal(used), include_byok=False, reset_interval="daily", resets_at=NOW)
        for (limit, used), scope in zip(amounts, Scope, strict=False)
    ]
    refusal, tightest = exhausted(rows), effective(rows)
    assert (refusal is None) == all(used < limit for limit, used in amounts)
    assert (tightest is None) == (rows == [])
    if refusal is not None:
        assert tightest is refusal.budget
    elif tightest is not None:
        assert tightest.remaining_usd == min(limit - used for limit, used in amounts)


@given(st.dictionaries(st.sampled_from(INTERVALS), st.integers(1, 4).map(Decimal)))
def test_limits_strictly_shrink_with_the_interval(limits: dict[str, Decimal]):
    ordered = [limits[interval] for interval in ("daily", "weekly", "monthly", "lifetime") if interval in limits]
    if all(narrow < broad for narrow, broad in pairwise(ordered)):
        require_order(limits)
    else:
        with pytest.raises(BadRequest, match="must be strictly decreasing as scope narrows"):
            require_order(limits)


def test_the_order_of_limits_is_told_in_the_documented_words():
    with pytest.raises(BadRequest) as refused:
        require_order({"weekly": Decimal(600), "monthly": Decimal(500)})
    assert refused.value.message == (
        "Budget limits must be strictly decreasing as scope narrows: "
        "the monthly limit ($500) must be greater than the weekly limit ($600)."
    )
    require_order({"weekly": Decimal(499), "monthly": Decimal(500)})


@pytest.mark.parametrize(
    ("amount", "text", "with_cents"),
    [
        ("500", "$500", "$500.00"),
        ("499.5", "$499.50", "$499.50"),
        ("0.000001", "$0.000001", "$0.000001"),
        ("1E+3", "$1000", "$1000.00"),
        ("1.10", "$1.10", "$1.10"),
        ("1.2300000", "$1.23", "$1.23"),
    ],
)
def test_money_is_shown_in_full(amount: str, text: str, with_cents: str):
    assert dollars(Decimal(amount)) == text
    assert dollars(Decimal(amount), cents=True) == with_cents


def test_what_is_left_of_a_limit_is_never_below_nothing():
    used = Spent(usage=Decimal(9), usage_daily=Decimal(2), byok_usage_daily=Decimal(1))
    assert limit_remaining(None, "daily", used, byok=True) is None
    assert limit_remaining(Decimal(5), "daily", used, byok=False) == 3
    assert limit_remaining(Decimal(5), "daily", used, byok=True) == 2
    assert limit_remaining(Decimal(5), None, used, byok=False) == 0
