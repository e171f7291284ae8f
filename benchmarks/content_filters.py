"""What content filters cost: `python benchmarks/content_filters.py`, a few seconds, no server and no network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from trunkline.server.domain.content.answers import Sieve
from trunkline.server.domain.content.filters import sources_of, united
from trunkline.server.domain.content.presets import PRESETS
from trunkline.server.domain.generation.delta import Delta
from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import ContentFilterBuiltin, Guardrail
from trunkline.server.domain.policy.key import Key
from trunkline.server.usecases.screening import Screening

NOW = datetime.now(UTC)
TEXT = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor. "
SETS = {"email": ("email",), "all": tuple(PRESETS)}


def caller(*slugs: str) -> Caller:
    """Return a caller under a guardrail with these filters, all of which redact; under none without any."""
    builtins = tuple(ContentFilterBuiltin(slug=slug, action="redact") for slug in slugs)
    guardrail = Guardrail(id="g", account_id="a", name="g", created_at=NOW, content_filter_builtins=builtins)
    key = Key(hash="h", name="n", label="l", account_id="a", created_at=NOW)
    return Caller(key=key, account=None, key_guardrail=guardrail if slugs else None)


def asked(characters: int) -> GenerationRequest:
    """Return a chat of so many characters."""
    text = (TEXT * (characters // len(TEXT) + 1))[:characters]
    messages = msgspec.json.encode([{"role": "user", "content": text}])
    return GenerationRequest(Surface.CHAT, {"messages": msgspec.Raw(messages)}, ("m",), stream=False)


async def requests() -> Iterator[str]:
    """Time requests of several sizes; the best of five rounds."""
    lines = []
    for name, slugs in {"none": (), **SETS}.items():
        for size in (200, 20_000, 200_000):
            screening, request, who = Screening(), asked(size), caller(*slugs)
            await screening.request(request, who)
            times, rounds = [], 2_000 if size == 200 else 50
            for _ in range(5):
                start = time.perf_counter()
                for _ in range(rounds):
                    await screening.request(request, who)
                times.append((time.perf_counter() - start) / rounds)
            lines.append(f"{name:6} request of {size:7} characters {min(times) * 1e6:9.1f} us")
    return iter(lines)


def tokens() -> Iterator[str]:
    """Time the tokens of a streamed answer."""
    words = (TEXT * 100).split(" ")
    for name, slugs in SETS.items():
        filters = tuple(each for each in united(sources_of(caller(*slugs))) if not each.tells)
        times = []
        for _ in range(5):
            sieve = Sieve(filters, time.thread_time)
            start = time.perf_counter()
            for word in words:
                sieve.passed(Delta(content=f"{word} "))
            times.append((time.perf_counter() - start) / len(words))
        yield f"{name:6} streamed token {min(times) * 1e6:9.1f} us"


if __name__ == "__main__":
    for line in (*asyncio.run(requests()), *tokens()):
        print(line)
