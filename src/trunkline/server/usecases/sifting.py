"""Answers held against the content filters of their caller's guardrails, event by event."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from trunkline.server.domain.content.answers import Sieve
from trunkline.server.domain.content.inspection import Blocked, TooMuch
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished
from trunkline.server.domain.generation.fault import Fault
from trunkline.server.domain.routing.availability import Refusal
from trunkline.server.usecases.screening import TOO_MUCH, refusal_of, refused
from trunkline.server.usecases.settling import Progress


async def sifted(events: AsyncGenerator[Event, None], sieve: Sieve, progress: Progress) -> AsyncGenerator[Event, None]:
    """Pass an answer on as it may be heard; what may not ends it with `Failed`, and is noted as the call's refusal.

    The call itself is left then, as if its caller had gone: what has come is paid for.
    """
    asked = progress.findings
    try:
        async for event in events:
            if isinstance(event, Delta):
                made = sieve.passed(event)
                progress.findings = (*asked, *sieve.findings)
                if made is not None:
                    yield made
                continue
            if isinstance(event, Finished | Failed):
                held = sieve.end()
                progress.findings = (*asked, *sieve.findings)
                for piece in held:
                    yield piece
            yield event
    except Blocked as blocked:
        progress.findings = (*asked, *sieve.findings)
        yield _withheld(progress, refusal_of(blocked.finding))
    except TooMuch:
        yield _withheld(progress, refused(TOO_MUCH))
    finally:
        await events.aclose()


def _withheld(progress: Progress, refusal: Refusal) -> Failed:
    progress.refusal = refusal
    return Failed(fault=Fault(type=refusal.type, message=refusal.message, status=refusal.status))
