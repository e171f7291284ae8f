"""A scripted provider, and attempts at it as inference makes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
import uvloop

from tests.upstream.scripted import ScriptedProvider
from trunkline.server.adapters.providers.dialects.dialect import Dialect
from trunkline.server.adapters.providers.quirks import NONE, Quirk
from trunkline.server.adapters.providers.targets import DIALECTS, Limits, Target, Targets
from trunkline.server.adapters.providers.upstreams import Upstreams
from trunkline.server.domain.catalog.endpoints import Endpoint, Provider, complete
from trunkline.server.domain.generation.attempt import Attempt
from trunkline.server.domain.generation.delta import Delta, Event, Failed
from trunkline.server.domain.generation.fault import Fault
from trunkline.server.domain.generation.request import GenerationRequest, Surface

KEY = "sk-canary-5a1e"


def endpoint(
    model: str = "acme/m", provider: str = "alpha", notes: dict[str, Any] | None = None, **wire: Any
) -> Endpoint:
    """Return an endpoint of a model as the catalogue completes it."""
    whole = {
        "id": model,
        "canonical_slug": model,
        "name": "M",
        "context_length": 8192,
        "supported_parameters": [],
        "architecture": {},
        "pricing": {},
    }
    return complete(
        whole,
        f"{model} {provider} 0",
        {"tag": provider, **wire},
        {"upstream_model": "m-upstream"} if notes is None else notes,
        Provider(provider, provider, {}, ()),
    )


def request(body: dict[str, Any] | bytes, surface: Surface = Surface.CHAT, **more: Any) -> GenerationRequest:
    """Return a request as the surfaces read it."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return GenerationRequest(
        surface=surface,
        fields=fields,
        models=("acme/m",),
        stream=bytes(fields.get("stream", b"")).strip() == b"true",
        **more,
    )


def attempt(body: dict[str, Any] | bytes | None = None, to: Endpoint | None = None, **more: Any) -> Attempt:
    """Return an attempt; without a body it is a small streamed chat."""
    said = (
        {"model": "acme/m", "messages": [{"role": "user", "content": "Hi"}], "stream": True} if body is None else body
    )
    taken = {name: more.pop(name) for name in ("account", "changes", "seconds") if name in more}
    return Attempt(endpoint=to or endpoint(), request=request(said, **more), **{"account": "account-1", **taken})


def target(
    url: str, slug: str = "alpha", *, dialect: Dialect | str = "openai", quirk: Quirk = NONE, **more: Any
) -> Target:
    """Return where a provider is called."""
    spoken = DIALECTS[dialect] if isinstance(dialect, str) else dialect
    given = {
        "key": KEY,
        "configured": True,
        "limits": Limits(connect=2, first_byte=2, first_byte_slow=3, idle=2),
        **more,
    }
    return Target(slug=slug, base_url=url, dialect=spoken, quirk=quirk, **given)


async def events_of(upstreams: Upstreams, made: Attempt) -> list[Event]:
    """Return every event of an attempt."""
    return [event async for event in upstreams.send(made)]


def sent(*attempts: Attempt, to: Target) -> list[list[Event]]:
    """Send attempts one after the other over the same connections, and return the events of each."""

    async def run() -> list[list[Event]]:
        upstreams = Upstreams(Targets([to]), b"secret", clock=lambda: 1_787_400_000.0)
        try:
            return [await events_of(upstreams, made) for made in attempts]
        finally:
            await upstreams.close()

    return asyncio.run(run())


def text_of(events: list[Event]) -> str:
    """Return the text that the events carry."""
    return "".join(event.content or "" for event in events if isinstance(event, Delta))


def fault_of(events: list[Event]) -> Fault:
    """Return the fault that ends the events."""
    last = events[-1]
    assert isinstance(last, Failed), events
    return last.fault


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy], ids=["asyncio", "uvloop"])
def each_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test on asyncio's own event loop, and on the one that serves."""
    asyncio.set_event_loop_policy(request.param())
    yield
    asyncio.set_event_loop_policy(None)


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    """Return a provider that waits for its scripts."""
    with ScriptedProvider() as one:
        yield one


@pytest.fixture
def answer(provider: ScriptedProvider) -> Callable[..., list[Event]]:
    """Return a function that has the provider play a script to one attempt, and returns the events."""

    def play(*steps: Any, made: Attempt | None = None, **more: Any) -> list[Event]:
        provider.then(*steps)
        return sent(made or attempt(), to=target(provider.url, **more))[0]

    return play
