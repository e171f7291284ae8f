"""One call to a model, from its plan to its record: admission, plan, attempts, settlement (spec gateway 0, 3.8, 5).

The order of the stages is contract and can be read in `admission.admit` and `Generation.begin`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from trunkline.server.domain.content.answers import Sieve
from trunkline.server.domain.generation.attempt import Attempt, OwnKey
from trunkline.server.domain.generation.delta import Event, Failed, is_shown
from trunkline.server.domain.generation.fault import STATUS, Fault, FaultType
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.policy.holds import Amount
from trunkline.server.domain.routing.attempts import Outcome, conclusion, following
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.domain.routing.holds import most
from trunkline.server.domain.routing.outlook import Candidate
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.usecases import caching, contents
from trunkline.server.usecases.ending import FAULT
from trunkline.server.usecases.flow import Flow
from trunkline.server.usecases.gateway import Gateway
from trunkline.server.usecases.holds import Holding
from trunkline.server.usecases.settling import Progress, record_of
from trunkline.server.usecases.sifting import sifted
from trunkline.server.usecases.talks import Talk

_log = logging.getLogger(__name__)


class Generation:
    """A call under way. `begin` it, then read `events` to their end or close them; its record is kept either way."""

    def __init__(
        self,
        gateway: Gateway,
        request: GenerationRequest,
        planned: Plan,
        progress: Progress,
        talk: Talk,
        free: bool,
    ) -> None:
        self._gateway = gateway
        self._request = request
        self._talk = talk
        self._free = free
        self._flow: Flow | None = None
        self._held: Sequence[Event] = ()
        self._broken: Fault | None = None
        self._money = Holding(gateway.ledger)
        self.sent: list[Attempt] = []
        self.plan = planned
        self.progress = progress
        self.outcomes: list[Outcome] = []
        self.candidate: Candidate | None = None
        self.place: caching.Place | None = None
        self.sieve: Sieve | None = None
        self.said: contents.Said | None = None
        self._conclusion: Refusal | None = None

    @property
    def id(self) -> str:
        """The generation's id, `gen-…`."""
        return self.progress.id

    @property
    def docs_url(self) -> str:
        """Where the codes of refusals are documented."""
        return self._gateway.docs_url

    @property
    def served(self) -> tuple[str, str]:
        """The id of the model that answers, and its provider's name; of the model asked for where none does."""
        if (kept := self.progress.replayed) is not None:
            return kept.model, kept.provider_name
        chosen = self.candidate
        return (self.plan.requested[0], "") if chosen is None else (chosen.model, chosen.target.provider_name)

    def body(self, attempt: Attempt) -> bytes:
        """Return what an attempt of `sent` sends to its provider."""
        return self._gateway.upstreams.body(attempt)

    async def begin(self, gone: Callable[[], bool] = lambda: False) -> Refusal | None:
        """Try candidates until one answers with a first token, and return None; else return how the call fails.

        No attempt follows another once `gone` says that the caller has left. Cancelling it cancels the call. What it
        may cost is held of its caller's limits from here on, until it is settled.
        """
        if (blocked := self.progress.refusal) is not None:
            self._settle(error=blocked.type.value)
            return blocked
        if self.place is not None and (kept := await caching.find(self.place, self.plan)) is not None:
            self.progress.replay(kept)
            return None
        if not self.plan.candidates:
            return self._refused(conclusion(self.plan, ()))
        now, money = self._gateway.clock(), self._money
        refusal = money.take(self.progress.caller, now, free=self._free, most=self._most)
        if refusal is None and money.is_taken:
            refusal = await money.secure()
            now = self._gateway.clock()
        if refusal is not None:
            return self._refused(refusal)
        try:
            # Not in a coroutine of its own, for every call pays for each of them.
            gateway, deadline = self._gateway, now + self._gateway.pre_token_seconds
            while (candidate := following(self.plan, self.outcomes, gateway.most_attempts)) is not None:
                if self.outcomes and ((now := gateway.clock()) >= deadline or gone()):
                    break
                attempt = self._attempt(candidate, now, deadline - now)
                fault = await (self._stream(candidate, attempt) if self._request.stream else self._whole(attempt))
                if fault is None:
                    self.candidate = candidate
                    return None
                self._failed(candidate, fault)
            refusal = self._concluded(gone())
        finally:
            # A call that has served, or is cut off or read to its end unheard, settles there.
            if self.candidate is None:
                money.release()
        if money.is_taken:
            await money.freed()
        return refusal

    def _most(self) -> Amount:
        gateway = self._gateway
        return most(self.plan, gateway.byok_fee, gateway.held_tokens, gateway.most_attempts)

    def _failed(self, candidate: Candidate, fault: Fault) -> None:
        gateway, progress = self._gateway, self.progress
        progress.failed(fault, gateway.clock(), gateway.cooldown_seconds)
        # Others must not be sent to an endpoint that has just asked for a pause, however long this call takes.
        gateway.learned.observe(progress.attempts[-1])
        self.outcomes.append(Outcome(candidate, fault))

    def _concluded(self, gone: bool) -> Refusal:
        self._conclusion = refusal = conclusion(self.plan, self.outcomes)
        self._settle(error=refusal.type.value, cancelled=gone)
        return refusal

    def _refused(self, refusal: Refusal) -> Refusal:
        told = {"requested": self.plan.requested[0], "status": refusal.status, "error_type": refusal.type.value}
        _log.info("call refused", extra=told)
        return refusal

    async def leave(self) -> None:
        """Note that the caller has gone after `begin` and before it read any event."""
        if self.progress.replayed is not None:
            self._settle()
            return
        await self._leave()

    async def answer(self) -> Sequence[Event]:
        """Return all events of a call that is not streamed, in place of `events`; its record is journalled then."""
        is_plain = self.sieve is None and self.said is None and self.place is None
        if self.progress.replayed is not None or self._flow is not None or not is_plain:
            return [event async for event in self.events()]
        last = self._held[-1]
        self._finish(last if isinstance(last, Failed) else None)
        if self._money.is_taken:
            await self._money.freed()
        return self._held

    def events(self) -> AsyncGenerator[Event, None]:
        """Yield the answer from its first token on; `Failed` last where the provider broke off.

        The record is journalled before the last event is yielded; closing early cancels the call.
        """
        if (kept := self.progress.replayed) is not None:
            events = self._again(kept)
        elif self.place is not None:
            events = caching.keeping(self._events(), self.place, self._kept, self._gateway.later)
        else:
            events = self._events()
        if self.sieve is not None:
            events = sifted(events, self.sieve, self.progress)
        return events if self.said is None else self.said.heard(events)

    async def _again(self, kept: caching.Kept) -> AsyncGenerator[Event, None]:
        try:
            for event in kept.events:
                yield event
        finally:
            self._settle()

    def _kept(self, events: list[Event]) -> caching.Kept:
        assert self.place is not None
        model, provider = self.served
        now, started = self._gateway.clock(), self.progress.started
        return caching.Kept(self.id, model, provider, now, self.place.wish.ttl, started, events)

    async def _events(self) -> AsyncGenerator[Event, None]:
        flow, failed = self._flow, None
        try:
            for event in self._held:
                if isinstance(event, Failed):
                    failed = event
                else:
                    yield event
            while flow is not None and (coming := await flow.next()) is not None:
                self.progress.see(coming, self._gateway.clock())
                if isinstance(coming, Failed):
                    failed = coming
                    break
                yield coming
            self._finish(failed)
            await self._money.freed()
            if failed is not None:
                yield failed
        finally:
            await self._leave()

    def _attempt(self, candidate: Candidate, now: float, seconds: float) -> Attempt:
        own, account = candidate.credential, self.progress.caller.key.account_id
        key = None if own is None else OwnKey(own.id, own.sealed, own.about)
        attempt = Attempt(candidate.target.endpoint, self._request, account, candidate.changes, seconds, key)
        self.sent.append(attempt)
        self.progress.attempt(candidate, now)
        return attempt

    async def _whole(self, attempt: Attempt) -> Fault | None:
        """Send an attempt that answers in one piece, and hold all that came of it; return its fault, if it has one."""
        gateway = self._gateway
        if (task := gateway.ending.enter()) is None:
            return FAULT
        try:
            events = await gateway.upstreams.whole(attempt)
        except BaseException:
            if gateway.ending.has_ended(task):
                return FAULT
            self.progress.abandoned(gateway.clock())
            self._settle(cancelled=True)
            raise
        finally:
            gateway.ending.leave(task)
        shown = self.progress.take(events, gateway.clock())
        if shown < 0:
            last = events[-1] if events else None
            return last.fault if isinstance(last, Failed) else _NOTHING
        self._held = events[shown:]
        return None

    async def _stream(self, candidate: Candidate, attempt: Attempt) -> Fault | None:
        """Read an attempt until something can be shown of it; what came is held. Return its fault, if it has one."""
        flow = Flow(self._gateway.upstreams.send(attempt))
        self._gateway.ending.add(flow)
        try:
            while (event := await flow.next()) is not None:
                self.progress.see(event, self._gateway.clock())
                if isinstance(event, Failed):
                    await flow.close()
                    return event.fault
                if is_shown(event):
                    self._held, self._flow = (event,), flow
                    return None
            await flow.close()
        except BaseException:
            await self._abandon(candidate, flow)
            raise
        return _NOTHING

    def _finish(self, failed: Failed | None) -> None:
        if failed is not None:
            self._broken = failed.fault
            self.progress.failed(failed.fault, self._gateway.clock())
            self._settle(error=failed.fault.type.value)
            return
        now = self._gateway.clock()
        self.progress.served(now)
        if self.candidate is not None:
            self._talk.stay(self.candidate.target, self.progress.usage(), now)
        self._settle()

    async def _leave(self) -> None:
        # Only a caller that went away, or may not hear the rest, leaves a call unsettled here.
        flow = self._flow
        if self.progress.record is not None:
            if flow is not None:
                await flow.close()
            return
        assert self.candidate is not None
        if flow is not None and not self._is_cut(self.candidate):
            self._drain(flow)
            return
        try:
            if flow is not None:
                await self._cut(flow)
        finally:
            self.progress.served(self._gateway.clock())
            self._settle(cancelled=True)

    async def _abandon(self, candidate: Candidate, flow: Flow) -> None:
        """End an attempt that has given no token yet, and of which nobody wants one any more."""
        if self._is_cut(candidate):
            try:
                await self._cut(flow)
            finally:
                self.progress.abandoned(self._gateway.clock())
                self._settle(cancelled=True)
            return
        self.candidate = candidate
        self._drain(flow)

    def _drain(self, flow: Flow) -> None:
        self._gateway.drain(flow, self._drained)

    def _is_cut(self, candidate: Candidate) -> bool:
        return self._gateway.upstreams.cancels(candidate.endpoint)

    async def _cut(self, flow: Flow) -> None:
        await flow.close()
        for event in flow.come():  # what has come is paid for, seen by the caller or not
            self.progress.see(event, self._gateway.clock())

    def _drained(self, event: Event | None) -> None:
        if isinstance(event, Failed):
            self._broken = event.fault
        elif event is not None:
            self.progress.see(event, self._gateway.clock())
        elif self._broken is not None:
            self.progress.failed(self._broken, self._gateway.clock())
            self._settle(error=self._broken.type.value, cancelled=True)
        else:
            self.progress.served(self._gateway.clock())
            self._settle(cancelled=True)

    def _settle(self, *, error: str | None = None, cancelled: bool = False) -> None:
        if self.progress.record is None:
            now, fee = self._gateway.clock(), self._gateway.fee_of(self.progress.caller, self.progress.created)
            record = record_of(self.progress, self.plan, self.candidate, now, error, cancelled, *fee)
            self.progress.record = record
            self._money.settle(record)
            if self.said is not None:
                self.said.keep(record, self._request, self._failure(), self.outcomes)

    def _failure(self) -> contents.Failure | None:
        if (refusal := self.progress.refusal or self._conclusion) is not None:
            return contents.Failure(refusal.status, refusal.message)
        fault = self._broken
        return None if fault is None else contents.Failure(STATUS[fault.type], fault.message)


_NOTHING: Final = Fault(type=FaultType.PROVIDER_UNAVAILABLE, message="The provider answered nothing")
