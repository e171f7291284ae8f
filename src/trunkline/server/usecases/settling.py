"""What a call has come to so far, and the record that is made of it (spec gateway 5.3, 5.4)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import structs

from trunkline.server.domain.content.inspection import Finding
from trunkline.server.domain.generation import cost, estimate
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished, Started, Used, is_shown
from trunkline.server.domain.generation.fault import STATUS, Fault, FaultType
from trunkline.server.domain.generation.record import AttemptRecord, FilterRecord, GenerationRecord
from trunkline.server.domain.generation.request import EMBEDDINGS, GenerationRequest
from trunkline.server.domain.generation.tool_calls import ToolCalls
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.routing import tiers
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.domain.routing.models import Strategy
from trunkline.server.domain.routing.outlook import Candidate
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.domain.routing.targets import Target
from trunkline.server.usecases.caching import Kept

CLIENT_LEFT: Final = 499
"""The status of an attempt that was broken off because its caller had left; nginx's, for want of an official one."""
_ROUTERS: Final = {Strategy.AUTO: "auto", Strategy.FREE: "free"}
_NOT_STARTED: Final = Started()


class Progress:
    """What has happened of one call: attempts, tokens, ends. Times are Unix seconds."""

    __slots__ = (
        "_calls",
        "_candidate",
        "_counts",
        "_first",
        "_sent",
        "_tally",
        "_used",
        "agent",
        "attempts",
        "caller",
        "created",
        "findings",
        "finished",
        "id",
        "record",
        "refusal",
        "region",
        "replayed",
        "request",
        "started",
    )

    def __init__(
        self, id_: str, created: float, request: GenerationRequest, caller: Caller, region: str | None, agent: str
    ) -> None:
        self.id = id_
        self.created = created
        self.request = request
        self.caller = caller
        self.region = region
        self.agent = agent
        self.attempts: list[AttemptRecord] = []
        self.record: GenerationRecord | None = None
        self.findings: tuple[Finding, ...] = ()
        self.refusal: Refusal | None = None
        self.replayed: Kept | None = None
        self._begin(None, created)

    def _begin(self, candidate: Candidate | None, now: float) -> None:
        self._candidate = candidate
        self._sent = now
        self._first: float | None = None
        self._used: Usage | None = None
        self._tally: estimate.OutputTally | None = None
        self._calls: ToolCalls | None = None
        self._counts = True
        self.finished: Finished | None = None
        self.started = _NOT_STARTED

    def replay(self, kept: Kept) -> None:
        """Note that an answer which was kept is given again; the routing of the other call is not told (spec 6.1)."""
        self.replayed, self.started = kept, kept.started
        self.request = structs.replace(self.request, wants_metadata=False)

    def attempt(self, candidate: Candidate, now: float) -> None:
        """Note that an attempt begins."""
        self._begin(candidate, now)

    def see(self, event: Event, now: float) -> None:
        """Note one event of the attempt under way."""
        if isinstance(event, Delta):
            self._hear(event, now)
        elif isinstance(event, Used):
            self._used = event.usage
        elif isinstance(event, Finished):
            self.finished = event
        elif isinstance(event, Started):
            self.started = event

    def take(self, events: Sequence[Event], now: float) -> int:
        """Note all events of the attempt under way; return where what can be shown of them begins, -1 for nowhere.

        What follows a `Failed` that nothing was shown before is not noted.
        """
        shown = -1
        # What the provider has counted, or whoever asked it, need not be counted here.
        self._counts = not (events and isinstance(events[-1], Used))
        for place, event in enumerate(events):
            if shown < 0:
                if isinstance(event, Failed):
                    break
                if is_shown(event):
                    shown = place
            self.see(event, now)
        return shown

    def _hear(self, delta: Delta, now: float) -> None:
        if self._first is None and delta.is_token:
            self._first = now
        if self._counts:
            if self._tally is None:
                self._tally = estimate.OutputTally()
            self._tally.add(delta)
        if delta.tool_calls:
            if self._calls is None:
                self._calls = ToolCalls()
            self._calls.add(delta.tool_calls)

    def failed(self, fault: Fault, now: float, cooldown: int | None = None) -> None:
        """Note that the attempt under way has failed; `cooldown`: the seconds to rest after a 429 without a hint."""
        is_limited = fault.type is FaultType.RATE_LIMIT_EXCEEDED
        self._note(
            now,
            fault.status if fault.status is not None and fault.status != 200 else STATUS[fault.type],
            ok=False,
            counts=fault.counts,
            rate_limited=is_limited,
            retry_after=cooldown if is_limited and fault.retry_after is None else fault.retry_after,
        )

    def abandoned(self, now: float) -> None:
        """Note that the caller has left while the attempt under way had not given a token yet."""
        self._note(now, CLIENT_LEFT, ok=False, counts=False)

    def served(self, now: float) -> None:
        """Note that the attempt under way has served the call."""
        self._note(now, 200, ok=self.finished is None or self.finished.reason != "error")

    def usage(self) -> Usage:
        """Return what was used: as the upstream says, else as counted here."""
        if self._used is not None:
            return self._used
        changes = self._candidate.changes if self._candidate is not None else {}
        prompt = estimate.prompt_tokens(estimate.changed(self.request.fields, changes))
        completion = 0 if self._tally is None else self._tally.tokens
        return Usage(prompt_tokens=prompt, completion_tokens=completion, estimated=True)

    def _note(
        self,
        now: float,
        status: int,
        *,
        ok: bool,
        counts: bool = True,
        rate_limited: bool = False,
        retry_after: int | None = None,
    ) -> None:
        candidate = self._candidate
        if candidate is None:
            return
        target, first, calls = candidate.target, self._first, self._calls
        self.attempts.append(
            AttemptRecord(  # in the order of its fields
                target.key,
                target.model,
                target.provider,
                target.provider_name,
                status,
                _ms(self._sent, now),
                ok,
                counts,
                rate_limited,
                retry_after,
                None if first is None or not self.request.stream else _ms(self._sent, first),
                None if first is None else _ms(first, now),
                self.usage().completion_tokens if ok else 0,
                calls is not None,
                None if calls is None else calls.bad(self.request.fields.get("tools")),
                self._sent,
                self.started.upstream_id,
                candidate.credential is not None,
            )
        )


def record_of(
    progress: Progress,
    plan: Plan,
    candidate: Candidate | None,
    now: float,
    error: str | None,
    cancelled: bool,
    fee_rate: Decimal = cost.ZERO,
    fee_free: Decimal = cost.ZERO,
) -> GenerationRecord:
    """Return the record of a call that has ended (spec gateway 5.3, 5.4).

    A call that failed, or whose answer ended in an error, costs nothing; so does one without a token and a reason.
    `fee_rate` is the share of the list price that a call with the account's own key costs, beyond `fee_free` (USD).
    """
    if candidate is None or progress.replayed is not None:
        return _unserved(progress, plan, now, error, cancelled)
    request, key, target = progress.request, progress.caller.key, candidate.target
    used, started, finished, app = progress.usage(), progress.started, progress.finished, request.attribution
    reason = "error" if error is not None else None if finished is None else finished.reason
    # What a caller breaks off is paid as far as it came, though no upstream has said how it ends.
    billed = cost.bill(
        used,
        _rates(progress, plan, target, used),
        finish_reason="cancelled" if cancelled and reason is None else reason,
        produced=bool(used.completion_tokens),
        completes=request.surface is not EMBEDDINGS,
        byok=candidate.credential is not None,
        fee_rate=fee_rate,
        fee_free=fee_free,
    )
    return GenerationRecord(  # in the order of its fields
        progress.id,
        progress.created,
        key.account_id,
        key.hash,
        key.workspace_id,
        key.creator_user_id,
        _api_type(request),
        request.models[0],
        target.model,
        target.permaslug,
        target.key,
        target.provider,
        target.provider_name,
        request.stream,
        cancelled,
        reason,
        None if finished is None else finished.native,
        used,
        billed.charged,
        billed.cost.prompt,
        billed.cost.completion,
        billed.cost.cache_discount,
        candidate.credential is not None,
        _ms(progress.created, now),
        progress.attempts[-1].latency_ms if progress.attempts else 0.0,
        tuple(progress.attempts),
        started.upstream_id,
        started.service_tier,
        _ROUTERS.get(plan.strategy),
        app.referer,
        app.title,
        app.categories,
        progress.agent or None,
        request.user,
        request.session_id,
        progress.region,
        error,
        _filtered(progress),
        None,  # no answer that was kept
        target.private,
        target.endpoint.zdr,
        target.free,
    )


def _unserved(progress: Progress, plan: Plan, now: float, error: str | None, cancelled: bool) -> GenerationRecord:
    """Return the record of a call that no endpoint has served: it failed, or an answer that was kept served it."""
    request, key = progress.request, progress.caller.key
    record = GenerationRecord(
        id=progress.id,
        created=progress.created,
        account_id=key.account_id,
        key_hash=key.hash,
        workspace_id=key.workspace_id,
        user_id=key.creator_user_id,
        api_type=_api_type(request),
        requested=request.models[0],
        streamed=request.stream,
        cancelled=cancelled,
        latency_ms=_ms(progress.created, now),
        attempts=tuple(progress.attempts),
        router=_ROUTERS.get(plan.strategy),
        referer=request.attribution.referer,
        app_title=request.attribution.title,
        app_categories=request.attribution.categories,
        user_agent=progress.agent or None,
        external_user=request.user,
        session_id=request.session_id,
        region=progress.region,
        error_type=error,
        filtered=_filtered(progress),
    )
    if (kept := progress.replayed) is None:
        return record
    finished = kept.finished
    return structs.replace(
        record,
        model=kept.model,
        provider_name=kept.provider_name,
        finish_reason=None if finished is None else finished.reason,
        native_finish_reason=None if finished is None else finished.native,
        service_tier=kept.started.service_tier,
        cache_source_id=kept.source_id,
    )


def _rates(progress: Progress, plan: Plan, target: Target, used: Usage) -> cost.Rates:
    tier = progress.started.service_tier
    if tier is not None:
        target = tiers.billed(target, plan.offered(target.model), tier)
    return cost.rates_for(target.endpoint.wire["pricing"], used.prompt_tokens, progress.created)


def _api_type(request: GenerationRequest) -> str:
    return "embeddings" if request.surface is EMBEDDINGS else "completions"


def _filtered(progress: Progress) -> tuple[FilterRecord, ...]:
    return tuple([_found(each) for each in progress.findings]) if progress.findings else ()


def _found(finding: Finding) -> FilterRecord:
    by = finding.filter
    return FilterRecord(by.guardrail_id, by.name, by.label, by.action, finding.count)


def _ms(start: float, end: float) -> float:
    # Cheaper than round(), and the same but for ties.
    return int((end - start) * 1_000_000 + 0.5) / 1000 if end > start else 0.0
