"""How the events of an attempt get from the upstream's reader to whoever shows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from trunkline.server.domain.generation.delta import Delta, Event, Failed
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.usecases.flow import AHEAD, Flow

BROKEN = Failed(fault=Fault(type=FaultType.SERVER, message="broken"))


class Source:
    """An upstream that says so many things and then waits, or ends with what it is told."""

    def __init__(self, count: int, last: Event | None = None, *, ends: bool = True) -> None:
        self.given = 0
        self.closed = asyncio.Event()
        self.closing = asyncio.Event()
        self._count, self._last, self._ends = count, last, ends

    async def events(self) -> AsyncGenerator[Event, None]:
        try:
            for number in range(self._count):
                self.given += 1
                yield Delta(content=str(number))
            if self._last is not None:
                yield self._last
            if not self._ends:
                await asyncio.get_running_loop().create_future()
        finally:
            self.closing.set()
            await asyncio.sleep(0)
            self.closed.set()


async def rest(flow: Flow) -> list[Event]:
    found = []
    while (event := await flow.next()) is not None:
        found.append(event)
    return found


def test_events_come_in_order_and_none_after_the_last():
    async def run() -> None:
        source = Source(3 * AHEAD)
        flow = Flow(source.events())
        assert [event.content for event in await rest(flow)] == [str(number) for number in range(3 * AHEAD)]
        assert await flow.next() is None
        assert source.closed.is_set()

    asyncio.run(run())


def test_an_upstream_is_read_ahead_only_so_far():
    async def run() -> None:
        source = Source(10 * AHEAD)
        flow = Flow(source.events())
        await flow.next()
        for _ in range(20 * AHEAD):
            await asyncio.sleep(0)
        assert source.given <= AHEAD + 1
        await flow.close()
        assert source.closed.is_set()

    asyncio.run(run())


def test_who_stops_waiting_loses_nothing():
    async def run() -> None:
        source = Source(1, ends=False)
        flow = Flow(source.events())
        assert await flow.next() == Delta(content="0")
        waiting = asyncio.ensure_future(flow.next())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert not source.closing.is_set()
        await flow.close()
        assert source.closed.is_set()

    asyncio.run(run())


def test_closing_keeps_what_has_come():
    async def run() -> None:
        source = Source(3, ends=False)
        flow = Flow(source.events())
        assert await flow.next() == Delta(content="0")
        await flow.close()
        assert flow.come() == [Delta(content="1"), Delta(content="2")]

    asyncio.run(run())


def test_an_upstream_that_has_failed_is_not_disturbed_while_it_closes():
    async def run() -> None:
        source = Source(0, BROKEN)
        flow = Flow(source.events())
        assert await flow.next() == BROKEN
        await flow.close()
        assert source.closed.is_set()

    asyncio.run(run())


def test_closing_before_anything_was_read_is_nothing():
    async def run() -> None:
        flow = Flow(Source(1).events())
        await flow.close()
        await flow.close()
        assert flow.come() == []

    asyncio.run(run())


def test_a_mistake_of_the_reader_is_raised_to_whoever_waits():
    async def wrong() -> AsyncGenerator[Event, None]:
        yield Delta(content="a")
        raise LookupError("a mistake")

    async def run() -> None:
        flow = Flow(wrong())
        assert await flow.next() == Delta(content="a")
        with pytest.raises(LookupError):
            await flow.next()

    asyncio.run(run())
