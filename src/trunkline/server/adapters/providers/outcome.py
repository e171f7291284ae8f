"""Judges one answer as it goes by: what may be passed on, what it ends with, and whether it was an answer at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trunkline.server.adapters.providers import faults
from trunkline.server.domain.generation import estimate
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished, Started, Used, Vector
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.domain.generation.usage import Usage

FILTERED = "content_filter"
BROKEN = "error"


class Outcome:
    """Passes on the events of one attempt: `Started` and each `Finished` once, usage at the end, faults last."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._tally = estimate.OutputTally()
        self._usage: Usage | None = None
        self._started = False
        self._finished: set[int] = set()
        self._ended = False
        self.has_token = False
        self.failed = False

    @property
    def finished(self) -> bool:
        """Whether there is a finish reason: what goes wrong from now on takes nothing from the answer."""
        return bool(self._finished)

    def take(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield what may be passed on of some events; after a `Failed` nothing is."""
        for event in events:
            if self.failed:
                return
            match event:
                case Delta():
                    self.has_token = self.has_token or event.is_token
                    self._tally.add(event)
                    yield event
                case Finished():
                    yield from self._finish(event)
                case Used():
                    self._usage = event.usage  # several: the last one counts
                case Started():
                    if not self._started:
                        self._started = True
                        yield event
                case Vector():
                    self.has_token = True
                    self._finished.add(0)
                    yield event
                case Failed():
                    yield from self.fail(event.fault)

    def fail(self, fault: Fault) -> Iterator[Event]:
        """Yield the fault, unless there is one already or the answer was complete without what failed."""
        if not self.failed and not self.finished:
            self.failed = True
            yield Failed(fault=fault)

    def end(self, *, said: bool) -> Iterator[Event]:
        """Yield what ends the answer; `said` tells whether the upstream itself said that it was over."""
        if not self.finished and not self.failed:
            if self.has_token and said:
                yield from self._finish(Finished(reason=None))
            elif self.has_token:
                yield from self.fail(faults.unavailable("The provider's answer broke off"))
            else:
                yield from self.fail(faults.unavailable("The provider's answer was empty"))
        if not self.failed and not self._ended:
            self._ended = True
            # Some servers state zeros where they have not counted.
            counted = self._usage is not None and (self._usage.total_tokens > 0 or not self.has_token)
            yield Used(usage=self._usage if self._usage is not None and counted else self._estimated())

    def _finish(self, event: Finished) -> Iterator[Event]:
        if event.index in self._finished:
            return
        if event.reason == BROKEN:
            yield from self.fail(faults.unavailable("The provider ended its answer with an error"))
        elif event.reason == FILTERED and not self.has_token:
            kind = FaultType.REFUSAL if event.native == "refusal" else FaultType.CONTENT_POLICY_VIOLATION
            yield from self.fail(faults.fault(kind, "The provider refused to answer", provider_code=event.native))
        else:
            self._finished.add(event.index)
            yield event

    def _estimated(self) -> Usage:
        prompt = estimate.prompt_tokens(estimate.changed(self._attempt.request.fields, self._attempt.changes))
        return Usage(prompt_tokens=prompt, completion_tokens=self._tally.tokens, estimated=True)
