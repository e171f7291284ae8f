"""Requests and answers held against the content filters of their caller's guardrails (spec gateway 0, 4.6, 6.7)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from trunkline.server.domain.content import texts
from trunkline.server.domain.content.answers import Sieve
from trunkline.server.domain.content.filters import CUSTOM, FLAG, Filter, Source, sources_of, united
from trunkline.server.domain.content.inspection import Blocked, Effort, Finding, Inspection, TooMuch
from trunkline.server.domain.content.javascript import NotRead
from trunkline.server.domain.content.texts import Unreadable
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.routing.availability import Refusal

KEPT: Final = 64
"""Sets of filters kept ready by each process."""
AT_ONCE: Final = 32 * 1024
"""Bytes of text that are looked through on the event loop; more go to a thread."""
AT_ONCE_FOR_CUSTOM: Final = 2 * 1024
"""The same where there are somebody's own patterns, which can be made to cost the square of it."""
INJECTED: Final = "Request blocked: prompt injection patterns detected"
FILTERED: Final = "Request blocked by content filter: {label}"
UNREADABLE: Final = "Request blocked: the content filters of this key cannot read token ids; send text"
TOO_MUCH: Final = "Request blocked: the content filters of this key find too much in it, or take too long for it"
BROKEN: Final = "Request blocked: a content filter of this key cannot be applied"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Screened:
    """What became of a request: as it may be sent, what was found in it, and how it is refused where it may not."""

    request: GenerationRequest
    findings: tuple[Finding, ...] = ()
    refusal: Refusal | None = None
    sieve: Sieve | None = None
    """What the answer has to pass, None for nothing."""


@dataclass
class Screening:
    """Keeps filters ready. `answers`: they hold for answers too, where they would only hold for requests.

    `processor` gives the seconds of processor time that the calling thread has used.
    """

    answers: bool = False
    processor: Callable[[], float] = time.thread_time
    _ready: OrderedDict[tuple[Source, ...], tuple[Filter, ...] | None] = field(default_factory=OrderedDict)

    async def request(self, asked: GenerationRequest, caller: Caller) -> Screened:
        """Hold a request against its caller's filters; without any it costs a look at the caller."""
        if not (sources := sources_of(caller)):
            return Screened(asked)
        filters = await self.filters(sources)
        if filters is None:
            return Screened(asked, refusal=refused(BROKEN))
        hostile = any(each.name == CUSTOM for each in filters)
        if texts.size(asked) <= (AT_ONCE_FOR_CUSTOM if hostile else AT_ONCE):
            made = screened(asked, filters, self.processor)
        else:
            made = await asyncio.to_thread(screened, asked, filters, self.processor)
        # An answer cannot be an injection: what tells of those reads requests only.
        reading = tuple(each for each in filters if not each.tells) if self.answers else ()
        return replace(made, sieve=Sieve(reading, self.processor)) if reading else made

    async def filters(self, sources: tuple[Source, ...]) -> tuple[Filter, ...] | None:
        """Return filters ready for use, None where one of them cannot be read."""
        if sources not in self._ready:
            made = await asyncio.to_thread(_united, sources)
            self._ready[sources] = made
            while len(self._ready) > KEPT:
                self._ready.popitem(last=False)
            return made
        self._ready.move_to_end(sources)
        return self._ready[sources]


def screened(asked: GenerationRequest, filters: tuple[Filter, ...], processor: Callable[[], float]) -> Screened:
    """Hold a request against filters, strongest action first. What may not pass, or cannot be read, is refused."""
    inspection = Inspection(filters, Effort(processor))
    try:
        made = texts.inspected(asked, inspection.text)
    except Blocked as blocked:
        return Screened(asked, inspection.findings, refusal_of(blocked.finding))
    except (TooMuch, RecursionError):
        return Screened(asked, inspection.findings, refused(TOO_MUCH))
    except Unreadable:
        if all(each.action == FLAG for each in filters):
            return Screened(asked, inspection.findings)
        return Screened(asked, inspection.findings, refused(UNREADABLE))
    return Screened(made, inspection.findings)


def refusal_of(finding: Finding) -> Refusal:
    """Return how a call is refused for what a filter has found."""
    if finding.filter.tells:
        return refused(INJECTED, patterns=finding.told)
    return refused(FILTERED.format(label=finding.filter.label))


def refused(message: str, **metadata: Any) -> Refusal:
    """Return the refusal of what may not pass."""
    return Refusal(403, FaultType.PERMISSION_DENIED, message, metadata=metadata)


def _united(sources: tuple[Source, ...]) -> tuple[Filter, ...] | None:
    try:
        return united(sources)
    except NotRead as why:
        guardrails = [source.guardrail_id for source in sources]
        _log.error("a content filter cannot be read", extra={"reason": str(why), "guardrails": guardrails})
        return None
