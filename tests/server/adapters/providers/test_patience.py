"""How long one waits, and that what comes in time, or is cancelled by others, is left as it is."""

from __future__ import annotations

import asyncio

import pytest

from trunkline.server.adapters.providers.patience import Patience


async def never() -> None:
    await asyncio.get_running_loop().create_future()


async def soon() -> str:
    await asyncio.sleep(0)
    return "here"


def test_what_comes_in_time_is_returned():
    async def run() -> None:
        patience = Patience()
        assert await patience.until(patience.time() + 60, soon()) == "here"
        assert await patience.until(patience.time() + 30, soon()) == "here"
        patience.end()

    asyncio.run(run())


def test_a_wait_ends_at_its_limit_though_an_earlier_one_was_longer():
    async def run() -> None:
        patience = Patience()
        await patience.until(patience.time() + 60, soon())
        with pytest.raises(TimeoutError):
            await patience.until(patience.time() + 0.01, never())
        assert await patience.until(patience.time() + 60, soon()) == "here"
        patience.end()

    asyncio.run(run())


def test_a_timer_that_was_set_for_an_earlier_limit_does_not_end_a_later_wait():
    async def run() -> None:
        patience, arrival = Patience(), asyncio.get_running_loop().create_future()
        early = patience.time() + 0.01
        await patience.until(early, soon())
        asyncio.get_running_loop().call_at(early + 0.02, arrival.set_result, "late")
        assert await patience.until(early + 60, arrival) == "late"
        patience.end()

    asyncio.run(run())


def test_a_wait_that_somebody_else_cancels_is_cancelled():
    async def run() -> None:
        patience = Patience()
        waiting = asyncio.ensure_future(patience.until(patience.time() + 60, never()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        patience.end()

    asyncio.run(run())


def test_an_error_of_what_is_awaited_is_raised_as_it_is():
    async def broken() -> None:
        raise LookupError("a mistake")

    async def run() -> None:
        patience = Patience()
        with pytest.raises(LookupError):
            await patience.until(patience.time() + 60, broken())
        patience.end()

    asyncio.run(run())
