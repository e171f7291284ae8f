"""What a call has come to so far, and the record that is made of it (spec gateway 5.3, 5.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from msgspec import structs

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.content.inspection import Finding
from trunkline.server.domain.generation import cost, estimate
from trunkline.server.domain.generation.delta import Delta, Event, Finished, Started, Used
from trunkline.server.domain.generation.fault import STATUS, Fault, FaultType
from trunkline.server.domain.generation.record import AttemptRecord, FilterRecord, GenerationRecord
from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.generation.tool_calls import ToolCalls
from trunkline.server.domain.generation.usage import Usage
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.routing import tiers
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.domain.routing.outlook import Candidate
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.usecases.caching import Kept

CLIENT_LEFT: Final = 499
"""The status of an attempt that was broken off because its caller had left; nginx's, for want of an official one."""


class Progress:
    """What has happened of one call: attempts, tokens, ends. Times are Unix seconds."""

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
        self.started: Started = Started()
        self.finished: Finished | None = None
        self._begin(created)

    def _begin(self, now: float) -> None:
        self._sent = now
        self._first: float | None = None
        self._used: Usage | None = None
        self._tally = estimate.OutputTally()
        self._calls = ToolCalls()
        self._candidate: Candidate | None = None
        self.finished = None
        self.started = Started()

    def replay(self, kept: Kept) -> None:
        """Note that an answer which was kept is given again; the routing of the other call is not told (spec 6.1)."""
        self.replayed, self.started = kept, kept.started
        self.request = structs.replace(self.request, wants_metadata=False)

    def attempt(self, candidate: Candidate, now: float) -> None:
        """Note that an attempt begins."""
        self._begin(now)
        self._candidate = candidate

    def see(self, event: Event, now: float) -> None:
        """Note one event of the attempt under way."""
        if isinstance(event, Delta):
            if self._first is None and event.is_token:
                self._first = now
            self._tally.add(event)
            if event.tool_calls:
                self._calls.add(event.tool_calls)
        elif isinstance(event, Used):
            self._used = event.usage
        elif isinstance(event, Finished):
            self.finished = event
        elif isinstance(event, Started):
            self.started = event

    def failed(self, fault: Fault, now: float, cooldown: int | None = None) -> None:
        """Note that the attempt under way has failed; `cooldown`: the seconds to rest after a 429 without a hint."""
        is_limited = fault.type is FaultType.RATE_LIMIT_EXCEEDED
        self._note(
            now,
            status=fault.status if fault.status is not None and fault.status != 200 else STATUS[fault.type],
            ok=False,
            counts=fault.counts,
            rate_limited=is_limited,
            retry_after=cooldown if is_limited and fault.retry_after is None else fault.retry_after,
        )

    def abandoned(self, now: float) -> None:
        """Note that the caller has left while the attempt under way had not given a token yet."""
        self._note(now, status=CLIENT_LEFT, ok=False, counts=False, rate_limited=False, retry_after=None)

    def served(self, now: float) -> None:
        """Note that the attempt under way has served the call."""
        errored = self.finished is not None and self.finished.reason == "error"
        self._note(now, status=200, ok=not errored, counts=True, rate_limited=False, retry_after=None)

    def usage(self) -> Usage:
        """Return what was used: as the upstream says, else as counted here."""
        if self._used is not None:
            return self._used
        changes = self._candidate.changes if self._candidate is not None else {}
        prompt = estimate.prompt_tokens(estimate.changed(self.request.fields, changes))
        return Usage(prompt_tokens=prompt, completion_tokens=self._tally.tokens, estimated=True)

    def _note(
        self, now: float, *, status: int, ok: bool, counts: bool, rate_limited: bool, retry_after: int | None
    ) -> None:
        candidate = self._candidate
        if candidate is None:
            return
        first = self._first
        self.attempts.append(
            AttemptRecord(
                endpoint=candidate.key,
                model=candidate.model,
                provider=candidate.target.provider,
                provider_name=candidate.target.provider_name,
                status=status,
                latency_ms=_ms(self._sent, now),
                ok=ok,
                counts=counts,
                rate_limited=rate_limited,
                retry_after=retry_after,
                first_token_ms=None if first is None or not self.request.stream else _ms(self._sent, first),
                streaming_ms=None if first is None else _ms(first, now),
                output_tokens=self.usage().completion_tokens if ok else 0,
                tool_calls=self._calls.bad(None) is not None,
                bad_tool_call=self._calls.bad(self.request.fields.get("tools")),
                started=self._sent,
                upstream_id=self.started.upstream_id,
                is_byok=candidate.credential is not None,
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
    request, caller = progress.request, progress.caller
    record = GenerationRecord(
        id=progress.id,
        created=progress.created,
        account_id=caller.key.account_id,
        key_hash=caller.key.hash,
        workspace_id=caller.key.workspace_id,
        user_id=caller.key.creator_user_id,
        api_type="embeddings" if request.surface is Surface.EMBEDDINGS else "completions",
        requested=request.models[0],
        streamed=request.stream,
        cancelled=cancelled,
        latency_ms=_ms(progress.created, now),
        attempts=tuple(progress.attempts),
        router=plan.strategy.value if plan.strategy.value in ("auto", "free") else None,
        referer=request.attribution.referer,
        app_title=request.attribution.title,
        app_categories=request.attribution.categories,
        user_agent=progress.agent or None,
        external_user=request.user,
        session_id=request.session_id,
        region=progress.region,
        error_type=error,
        filtered=tuple([_filtered(finding) for finding in progress.findings]),
    )
    if (kept := progress.replayed) is not None:
        return structs.replace(record, **_again(kept))
    if candidate is None:
        return record
    endpoint, used, finished = candidate.endpoint, progress.usage(), progress.finished
    reason = "error" if error is not None else finished.reason if finished else None
    priced = tiers.billed(candidate.target, plan.offered(candidate.model), progress.started.service_tier).endpoint
    rates = cost.rates_for(priced.wire["pricing"], used.prompt_tokens, progress.created)
    # What a caller breaks off is paid as far as it came, though no upstream has said how it ends.
    billed = cost.bill(
        used,
        rates,
        finish_reason="cancelled" if cancelled and reason is None else reason,
        produced=bool(used.completion_tokens),
        completes=request.surface is not Surface.EMBEDDINGS,
        byok=candidate.credential is not None,
        fee_rate=fee_rate,
        fee_free=fee_free,
    )
    return structs.replace(
        record,
        model=candidate.model,
        permaslug=_permaslug(endpoint.wire["model_id"], candidate.model),
        endpoint=candidate.key,
        provider=candidate.target.provider,
        provider_name=candidate.target.provider_name,
        finish_reason=reason,
        native_finish_reason=finished.native if finished else None,
        usage=used,
        charged=billed.charged,
        prompt_cost=billed.cost.prompt,
        completion_cost=billed.cost.completion,
        cache_discount=billed.cost.cache_discount,
        generation_ms=progress.attempts[-1].latency_ms if progress.attempts else 0.0,
        upstream_id=progress.started.upstream_id,
        service_tier=progress.started.service_tier,
        is_byok=candidate.credential is not None,
        private=candidate.target.private,
        zdr=endpoint.zdr,
        free=slugs.variant(candidate.model) == "free",
    )


def _again(kept: Kept) -> dict[str, Any]:
    finished = kept.finished
    return {
        "model": kept.model,
        "provider_name": kept.provider_name,
        "finish_reason": None if finished is None else finished.reason,
        "native_finish_reason": None if finished is None else finished.native,
        "service_tier": kept.started.service_tier,
        "cache_source_id": kept.source_id,
    }


def _filtered(finding: Finding) -> FilterRecord:
    by = finding.filter
    return FilterRecord(by.guardrail_id, by.name, by.label, by.action, finding.count)


def _permaslug(canonical: str, model: str) -> str:
    variant = slugs.variant(model)
    return canonical if variant is None or ":" in canonical else f"{canonical}:{variant}"


def _ms(start: float, end: float) -> float:
    return round(max(end - start, 0.0) * 1000, 3)
