"""What follows a failed attempt and what the caller is told in the end (spec gateway 3.8, cases 49 to 68)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.domain.routing.scene import ABC, M, abc, failed, fault, offer, planned, pools, text_model
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.domain.routing.attempts import MOST_ATTEMPTS, Outcome, conclusion, following
from trunkline.server.domain.routing.availability import DEFAULT_RETRY_AFTER
from trunkline.server.domain.routing.plan import Plan

T = FaultType
IN_ORDER = {"provider": {"sort": "price"}}


def two_models() -> Plan:
    """Return a plan of A, B and C of m, then A and B of n."""
    of = pools(text_model(), *ABC, text_model("acme/n"), offer("alpha", 1, "acme/n"), offer("beta", 2, "acme/n"))
    return planned(of, M, "acme/n", **IN_ORDER)


def after(of: Plan, *faults: Fault) -> str | None:
    """Return model and tag of what follows when the first candidates fail in these ways."""
    found = following(of, failed(of, *faults))
    return None if found is None else f"{found.model} {found.target.tag}"


def test_attempts_go_down_the_plan():
    made = two_models()
    assert after(made) == "acme/m alpha"
    assert after(made, fault()) == "acme/m beta"
    assert after(made, fault(), fault(), fault()) == "acme/n alpha"
    assert after(made, *[fault()] * 5) is None


@pytest.mark.parametrize(
    ("failing", "next_one"),
    [
        (fault(400, T.INVALID_REQUEST, next_endpoint=False), "acme/n alpha"),
        (fault(400, T.INVALID_REQUEST, next_endpoint=False, next_model=False), None),
        (fault(500, next_model=False), "acme/m beta"),
        (fault(400, T.REFUSAL, other_provider_only=True), "acme/m beta"),
    ],
)
def test_a_fault_says_what_may_follow(failing: Fault, next_one: str | None):
    assert after(two_models(), failing) == next_one


def test_a_context_error_leads_to_larger_windows_only():
    windows = (("alpha", 16_000), ("beta", 16_000), ("gamma", 0), ("delta", 32_000))
    of = pools(text_model(context_length=None), *(offer(tag, 1, context_length=size) for tag, size in windows))
    made = planned(of, provider={"order": ["alpha", "beta", "gamma", "delta"]})
    full = fault(400, T.CONTEXT_LENGTH_EXCEEDED, larger_window_only=True, counts=False)
    assert after(made, full) == "acme/m gamma"
    third = following(made, [Outcome(made.candidates[0], full), Outcome(made.candidates[2], fault())])
    assert third is not None
    assert third.target.tag == "delta"
    assert following(made, [Outcome(made.candidates[2], full)]) is None


def test_a_refusal_leads_to_other_providers_only():
    of = pools(text_model(), *(offer(tag, usd) for usd, tag in enumerate(("alpha/a", "alpha/b", "beta"), 1)))
    assert after(planned(of, **IN_ORDER), fault(400, T.REFUSAL, other_provider_only=True)) == "acme/m beta"


def test_ten_attempts_are_enough():
    of = pools(text_model(), *(offer("alpha", 1, number=number) for number in range(12)))
    made = planned(of)
    assert len(made.candidates) == 12
    assert following(made, failed(made, *[fault()] * (MOST_ATTEMPTS - 1))) is not None
    assert following(made, failed(made, *[fault()] * MOST_ATTEMPTS)) is None


def concluded(*faults: Fault, **asked: Any) -> Any:
    made = planned(abc(), **{**IN_ORDER, **asked})
    return conclusion(made, failed(made, *faults))


def test_a_plan_without_candidates_concludes_with_its_refusal():
    made = planned(abc(), "acme/nope")
    assert following(made, []) is None
    assert conclusion(made, []) is made.refusal


RATE = fault(429, T.RATE_LIMIT_EXCEEDED, counts=False)
BUSY = fault(503, T.PROVIDER_OVERLOADED)
GONE = fault(404, T.NOT_FOUND)
LATE = fault(None, T.TIMEOUT)
CUT = fault(None)
ODD = fault(200)
KEY = fault(401)
BAD = fault(400, T.INVALID_REQUEST, next_endpoint=False)


@pytest.mark.parametrize(
    ("faults", "status", "kind", "code"),
    [
        ((RATE, RATE, RATE), 429, "rate_limit_exceeded", "capacity_exhausted"),
        ((RATE,), 429, "rate_limit_exceeded", "capacity_exhausted"),
        ((BUSY, BUSY, BUSY), 503, "provider_overloaded", "temporarily_unavailable"),
        ((RATE, BUSY, fault(500)), 503, "provider_overloaded", "temporarily_unavailable"),
        ((LATE, CUT), 503, "provider_overloaded", "temporarily_unavailable"),
        ((GONE, GONE), 404, "not_found", "model_unavailable_upstream"),
        ((GONE, RATE), 429, "rate_limit_exceeded", None),
        ((ODD,), 502, "provider_unavailable", None),
        ((BUSY, ODD), 502, "provider_unavailable", None),
        ((KEY,), 502, "provider_unavailable", None),
        ((BAD,), 400, "invalid_request", None),
        ((BUSY, BAD), 400, "invalid_request", None),
        ((BAD, BUSY), 503, "provider_overloaded", None),
    ],
)
def test_what_all_attempts_together_mean(faults: tuple[Fault, ...], status: int, kind: str, code: str | None):
    made = concluded(*faults)
    assert (made.status, made.type) == (status, kind)
    assert (made.availability and made.availability.code) == code


def test_the_smallest_hint_counts_where_any_was_given():
    made = concluded(*(fault(429, T.RATE_LIMIT_EXCEEDED, retry_after=hint) for hint in (40, 7, None)))
    assert (made.retry_after, made.availability.retry_after, made.availability.retryable) == (7, 7, True)
    assert made.availability.affected_providers == ("Alpha", "Beta", "Gamma")
    assert concluded(RATE).retry_after is None
    assert concluded(fault(429, T.RATE_LIMIT_EXCEEDED, retry_after=99_999)).retry_after == 3600


def test_a_503_always_says_when_to_come_back():
    assert concluded(BUSY).retry_after == DEFAULT_RETRY_AFTER
    assert concluded(BAD, BUSY).retry_after == DEFAULT_RETRY_AFTER


def test_earlier_errors_are_told_without_their_bodies():
    made = concluded(fault(429, T.RATE_LIMIT_EXCEEDED, provider_code="slow_down"), CUT, BAD)
    assert made.metadata == {
        "previous_errors": [
            {"provider": "Alpha", "code": "slow_down", "status": 429},
            {"provider": "Beta", "code": "provider_unavailable", "status": 502},
        ],
        "provider_name": "Gamma",
    }


OVERLOADED = fault(529, T.PROVIDER_OVERLOADED)


@pytest.mark.parametrize(("failing", "status"), [(RATE, 429), (fault(500), 502), (BUSY, 503), (OVERLOADED, 529)])
def test_without_fallbacks_the_attempts_own_error_is_told(failing: Fault, status: int):
    made = concluded(failing, provider={"allow_fallbacks": False})
    assert (made.status, made.availability) == (status, None)


def test_an_upstreams_529_is_a_503_where_others_were_tried():
    assert concluded(fault(529, T.PROVIDER_OVERLOADED), ODD, fault(529, T.PROVIDER_OVERLOADED)).status == 503
