"""From one attempt to the next, and from the last one to the answer (spec gateway 3.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from trunkline.server.domain.generation.fault import STATUS, Fault, FaultType
from trunkline.server.domain.routing.availability import DEFAULT_RETRY_AFTER, Code, Refusal, unavailable
from trunkline.server.domain.routing.outlook import Candidate
from trunkline.server.domain.routing.plan import Plan

MOST_ATTEMPTS: Final = 10
MOST_RETRY_AFTER: Final = 3600
"""Seconds; longer hints are cut to it."""
_TRANSIENT: Final = frozenset(
    {
        FaultType.RATE_LIMIT_EXCEEDED,
        FaultType.PROVIDER_UNAVAILABLE,
        FaultType.PROVIDER_OVERLOADED,
        FaultType.TIMEOUT,
    }
)
_PASSING: Final = frozenset({408, 429})
_OVERLOADED: Final = 529
_REFUSED: Final = frozenset({400, 401, 402})
"""What a provider answers to a credential that it does not take; a 400 only where it is no fault of the request."""


class Outcome(NamedTuple):
    """One attempt that failed."""

    candidate: Candidate
    fault: Fault


def following(plan: Plan, outcomes: Sequence[Outcome], most: int = MOST_ATTEMPTS) -> Candidate | None:
    """Return the candidate to try next, None where the request has failed: nothing is left that may follow.

    None too after `most` attempts. No endpoint is given twice with one credential.
    """
    if len(outcomes) >= most:
        return None
    if not outcomes:
        return plan.candidates[0] if plan.candidates else None
    tried = {outcome.candidate.offer for outcome in outcomes}
    for candidate in plan.candidates:
        if candidate.offer not in tried and all(_may_follow(candidate, outcome) for outcome in outcomes):
            return candidate
    return None


def _may_follow(candidate: Candidate, outcome: Outcome) -> bool:
    failed, fault = outcome
    if candidate.model != failed.model:
        return fault.next_model
    if not fault.next_endpoint:
        return False
    if fault.larger_window_only and not _is_larger(candidate, failed):
        return False
    return not (fault.other_provider_only and candidate.target.provider == failed.target.provider)


def _is_larger(candidate: Candidate, failed: Candidate) -> bool:
    # An unknown window may be larger than a known one, but not than another unknown one.
    own, other = candidate.target.context_length, failed.target.context_length
    return own > other > 0 or (own == 0 and other > 0)


def conclusion(plan: Plan, outcomes: Sequence[Outcome]) -> Refusal:
    """Return how a request fails for which nothing has succeeded and nothing may follow."""
    if not outcomes:
        assert plan.refusal is not None, "a plan with candidates has been attempted"
        return plan.refusal
    faults = [outcome.fault for outcome in outcomes]
    retry_after = min((hint for fault in faults if (hint := fault.retry_after) is not None), default=None)
    if plan.preferences.allow_fallbacks and (code := _code(faults)) is not None:
        hint = DEFAULT_RETRY_AFTER if retry_after is None and code is Code.TEMPORARILY_UNAVAILABLE else retry_after
        return unavailable(
            code,
            _TEXTS[code].format(model=plan.requested[0]),
            plan.requested,
            retry_after=None if hint is None else min(hint, MOST_RETRY_AFTER),
            metadata=_metadata(outcomes),
            affected_providers=tuple(dict.fromkeys(one.candidate.target.provider_name for one in outcomes)),
        )
    last = faults[-1]
    if _is_own_fault(outcomes):
        return Refusal(
            STATUS[FaultType.PERMISSION_DENIED],
            FaultType.PERMISSION_DENIED,
            _OWN.format(provider=outcomes[-1].candidate.target.provider_name),
            metadata={**_metadata(outcomes), "provider_name": outcomes[-1].candidate.target.provider_name},
            provider_code=last.provider_code,
        )
    literally = not plan.preferences.allow_fallbacks and last.status == _OVERLOADED
    status = _OVERLOADED if literally else STATUS[last.type]
    if retry_after is None and status >= 503:
        retry_after = DEFAULT_RETRY_AFTER
    return Refusal(
        status,
        last.type,
        last.message,
        metadata={**_metadata(outcomes), "provider_name": outcomes[-1].candidate.target.provider_name},
        retry_after=None if retry_after is None else min(retry_after, MOST_RETRY_AFTER),
        provider_code=last.provider_code,
    )


def _is_own_fault(outcomes: Sequence[Outcome]) -> bool:
    # Never a 5xx: clients would repeat for an hour what only another key can mend.
    last = outcomes[-1].fault
    refused = last.type is FaultType.PROVIDER_UNAVAILABLE and last.status in _REFUSED
    return refused and all(outcome.candidate.credential is not None for outcome in outcomes)


def _code(faults: Sequence[Fault]) -> Code | None:
    """Return what all faults together mean; None where the last one speaks for itself."""
    if all(fault.type is FaultType.RATE_LIMIT_EXCEEDED for fault in faults):
        return Code.CAPACITY_EXHAUSTED
    if all(fault.type is FaultType.NOT_FOUND for fault in faults):
        return Code.MODEL_UNAVAILABLE_UPSTREAM
    return Code.TEMPORARILY_UNAVAILABLE if all(_is_transient(fault) for fault in faults) else None


def _is_transient(fault: Fault) -> bool:
    # An answer that makes no sense (200) and a refused credential (401, 402) do not pass by themselves.
    if fault.type not in _TRANSIENT:
        return False
    return fault.status is None or fault.status in _PASSING or fault.status >= 500


_OWN: Final = "{provider} refused this account's own key. Please check it, or its credit there."
_TEXTS: Final = {
    Code.CAPACITY_EXHAUSTED: "All providers of {model} are rate-limited at this moment. Please retry later.",
    Code.MODEL_UNAVAILABLE_UPSTREAM: "{model} is not offered any more by any of its providers.",
    Code.TEMPORARILY_UNAVAILABLE: "All providers of {model} are temporarily unavailable. Please retry later.",
}


def _metadata(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    earlier = [
        {
            "provider": outcome.candidate.target.provider_name,
            "code": outcome.fault.provider_code or outcome.fault.type.value,
            "status": outcome.fault.status or STATUS[outcome.fault.type],
        }
        for outcome in outcomes[:-1]
    ]
    return {"previous_errors": earlier} if earlier else {}
