"""Filters that are kept ready, and one that cannot be read, which closes rather than opens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import ContentFilter, Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.usecases.screening import KEPT, Screening

NOW = datetime(2026, 8, 22, tzinfo=UTC)
HELLO = msgspec.Raw(b'[{"role":"user","content":"Hello"}]')
ASKED = GenerationRequest(Surface.CHAT, {"messages": HELLO}, ("acme/m",), stream=False)


def caller(*patterns: str, action: str = "flag") -> Caller:
    filters = tuple(ContentFilter(pattern=pattern, action=action) for pattern in patterns)
    guardrail = Guardrail(id="g", account_id="a", name="g", created_at=NOW, content_filters=filters)
    key = Key(hash="h", name="n", label="l", account_id="a", created_at=NOW)
    return Caller(key=key, account=None, key_guardrail=guardrail if patterns else None)


def test_without_filters_a_request_is_what_it_was():
    screened = asyncio.run(Screening().request(ASKED, caller()))
    assert screened.request is ASKED
    assert (screened.findings, screened.refusal, screened.sieve) == ((), None, None)


def test_a_filter_that_cannot_be_read_blocks_whatever_its_action_is():
    screening = Screening()
    for _ in range(2):
        refusal = asyncio.run(screening.request(ASKED, caller("(?=x)"))).refusal
        assert refusal is not None
        assert refusal.status == 403
        assert "cannot be applied" in refusal.message


def test_only_so_many_sets_of_filters_are_kept_ready():
    screening = Screening()

    async def ask() -> None:
        for number in range(KEPT + 10):
            assert (await screening.request(ASKED, caller(f"x{number}"))).refusal is None
            assert (await screening.request(ASKED, caller("x0"))).request is ASKED

    asyncio.run(ask())
    assert len(screening._ready) == KEPT


def test_what_takes_too_much_processor_time_is_refused():
    seconds = iter(range(1_000))
    screening = Screening(processor=lambda: float(next(seconds)))
    asked = GenerationRequest(
        Surface.CHAT,
        {"messages": msgspec.Raw(b'[{"role":"user","content":"aaaaaaaaaaaa"}]')},
        ("acme/m",),
        stream=False,
    )
    refusal = asyncio.run(screening.request(asked, caller("a*b|a", action="redact"))).refusal
    assert refusal is not None
    assert "too long" in refusal.message
