"""Judges one answer as it goes by: what may be passed on, what it ends with, and whether it was an answer at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from trunkline.server.adapters.providers import faults
from trunkline.server.domain.generation import estimate
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished, Started, Used, Vector
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.domain.generation.usage import Usage

FILTERED: Final = "content_filter"
BROKEN: Final = "error"


def is_usual(events: Sequence[Event]) -> bool:
    """Tell whether these are all the events of an ordinary answer, which an `Outcome` would pass on as they are."""
    if len(events) != 4:
        return False
    started, delta, finished, used = events
    return (
        type(started) is Started
        and type(delta) is Delta
        and type(finished) is Finished
        and type(used) is Used
        and finished.reason not in {BROKEN, FILTERED}
        and used.usage.total_tokens > 0
    )


class Outcome:
    """Passes on the events of one attempt: `Started` and each `Finished` once, usage at the end, faults last."""

    __slots__ = ("_attempt", "_ended", "_finished", "_secrets", "_started", "_tally", "_usage", "failed", "has_token")

    def __init__(self, attempt: Attempt, secrets: Iterable[str]) -> None:
        """Take what nothing that is said of a fault may hold."""
        self._attempt = attempt
        self._secrets = secrets
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

    def take(self, events: Iterable[Event]) -> list[Event]:
        """Return what may be passed on of some events; after a `Failed` nothing is."""
        passed: list[Event] = []
        for event in events:
            if self.failed:
                break
            if type(event) is Delta:
                self.has_token = self.has_token or event.is_token
                self._tally.add(event)
                passed.append(event)
            elif type(event) is Used:
                self._usage = event.usage  # several: the last one counts
            else:
                passed += self._rare(event)
        return passed

    def all(self, events: Iterable[Event]) -> list[Event]:
        """Return what a whole answer comes to whose events these are."""
        return [*self.take(events), *self.end(said=True)]

    def fail(self, fault: Fault) -> list[Event]:
        """Return the fault, unless there is one already or the answer was complete without what failed."""
        if self.failed or self.finished:
            return []
        self.failed = True
        return [Failed(fault=faults.presentable(fault, self._secrets))]

    def end(self, *, said: bool) -> list[Event]:
        """Return what ends the answer; `said` tells whether the upstream itself said that it was over."""
        last: list[Event] = []
        if not self.finished and not self.failed:
            if self.has_token and said:
                last += self._finish(Finished(reason=None))
            elif self.has_token:
                last += self.fail(faults.unavailable("The provider's answer broke off"))
            else:
                last += self.fail(faults.unavailable("The provider's answer was empty"))
        if not self.failed and not self._ended:
            self._ended = True
            # Some servers state zeros where they have not counted.
            counted = self._usage is not None and (self._usage.total_tokens > 0 or not self.has_token)
            last.append(Used(usage=self._usage if self._usage is not None and counted else self._estimated()))
        return last

    def _rare(self, event: Event) -> list[Event]:
        """Return what may be passed on of an event that comes once or twice in an answer."""
        match event:
            case Finished():
                return self._finish(event)
            case Started() if self._started:
                return []
            case Started():
                self._started = True
            case Vector():
                self.has_token = True
                self._finished.add(0)
            case Failed():
                return self.fail(event.fault)
        return [event]

    def _finish(self, event: Finished) -> list[Event]:
        if event.index in self._finished:
            return []
        if event.reason == BROKEN:
            return self.fail(faults.unavailable("The provider ended its answer with an error"))
        if event.reason == FILTERED and not self.has_token:
            kind = FaultType.REFUSAL if event.native == "refusal" else FaultType.CONTENT_POLICY_VIOLATION
            return self.fail(faults.fault(kind, "The provider refused to answer", provider_code=event.native))
        self._finished.add(event.index)
        return [event]

    def _estimated(self) -> Usage:
        prompt = estimate.prompt_tokens(estimate.changed(self._attempt.request.fields, self._attempt.changes))
        return Usage(prompt_tokens=prompt, completion_tokens=self._tally.tokens, estimated=True)
