"""What becomes of connections: closed at once when nobody reads on, sent on once more when they had died unnoticed."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.server.adapters.providers.conftest import attempt, fault_of, sent, target, text_of
from tests.upstream.answers import STREAM_HEAD, chunked, completion, delta, hello, hello_at_once, streamed, whole
from tests.upstream.scripted import Close, Hang, Reset, Send, Wait
from trunkline.server.adapters.providers.targets import Targets
from trunkline.server.adapters.providers.upstreams import Upstreams
from trunkline.server.domain.generation.delta import Delta
from trunkline.server.domain.generation.fault import FaultType

pytestmark = pytest.mark.usefixtures("each_loop")


def test_closing_the_iterator_closes_the_connection(provider):
    provider.then(Send(STREAM_HEAD), *(Send(chunked(delta(content="a"))) for _ in range(5)), Hang())

    async def run() -> None:
        upstreams = Upstreams(Targets([target(provider.url)]), b"secret")
        events = upstreams.send(attempt())
        async for event in events:
            if isinstance(event, Delta):
                break
        await events.aclose()
        assert await asyncio.to_thread(provider.calls[0].gone.wait, 5)
        await upstreams.close()

    asyncio.run(run())


def test_cancelling_the_task_that_waits_closes_the_connection(provider):
    provider.then(Send(STREAM_HEAD), Send(chunked(delta(content="a"))), Hang())

    async def run() -> None:
        upstreams = Upstreams(Targets([target(provider.url)]), b"secret")
        first = asyncio.Event()

        async def read() -> None:
            async for event in upstreams.send(attempt()):
                if isinstance(event, Delta):
                    first.set()

        task = asyncio.create_task(read())
        await first.wait()
        task.cancel()
        assert (await asyncio.gather(task, return_exceptions=True))[0].__class__ is asyncio.CancelledError
        assert await asyncio.to_thread(provider.calls[0].gone.wait, 5)
        await upstreams.close()

    asyncio.run(run())


def test_a_request_on_a_kept_connection_that_died_goes_out_once_more(provider):
    for last in (Close(), Reset()):
        provider.then(*hello_at_once()).then(last).then(*hello_at_once())
        answers = sent(attempt(), attempt(), to=target(provider.url))
        assert [text_of(events) for events in answers] == ["Hello", "Hello"]
    assert [call.connection for call in provider.calls] == [1, 1, 2, 3, 3, 4]


def test_a_request_on_a_new_connection_goes_out_only_once(provider):
    provider.then(Reset())
    (events,) = sent(attempt(), to=target(provider.url))
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    assert len(provider.calls) == 1


def test_a_request_that_fails_twice_is_not_sent_a_third_time(provider):
    provider.then(*hello_at_once()).then(Reset()).then(Reset())
    _, events = sent(attempt(), attempt(), to=target(provider.url))
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    assert len(provider.calls) == 3


def test_requests_that_overlap_have_connections_of_their_own(provider):
    let_go = threading.Event()
    provider.always(Wait(let_go), *hello())

    async def run() -> list[str]:
        upstreams = Upstreams(Targets([target(provider.url)]), b"secret")

        async def one() -> str:
            return text_of([event async for event in upstreams.send(attempt())])

        tasks = [asyncio.create_task(one()) for _ in range(5)]
        await asyncio.to_thread(provider.await_calls, 5)
        let_go.set()
        try:
            return await asyncio.gather(*tasks)
        finally:
            await upstreams.close()

    assert asyncio.run(run()) == ["Hello"] * 5
    assert provider.connections == 5


def test_answers_that_come_whole_leave_their_connection_for_the_next(provider):
    provider.always(*whole(completion()))
    made = [attempt({"model": "acme/m", "messages": []}) for _ in range(3)]
    assert [text_of(events) for events in sent(*made, to=target(provider.url))] == ["Hello"] * 3
    assert provider.connections == 1


def test_nothing_listens_at_a_port_that_was_given_back(provider):
    with type(provider)() as other:
        url = other.url
    (events,) = sent(attempt(), to=target(url))
    fault = fault_of(events)
    assert (fault.type, fault.message) == (FaultType.PROVIDER_UNAVAILABLE, "The provider could not be reached")


def test_a_provider_that_is_not_configured_is_a_fault(provider):
    (events,) = sent(attempt(), to=target(provider.url, slug="beta"))
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    assert not provider.calls


def test_an_endless_line_is_not_kept(provider):
    big = chunked(b"data: " + b"x" * (1 << 20))
    more = chunked(b"x" * (1 << 20))
    provider.then(Send(STREAM_HEAD), Send(big), *([Send(more)] * 16), *streamed(head=b""))
    (events,) = sent(attempt(), to=target(provider.url))
    assert fault_of(events).message == "The provider sent more than is read"
