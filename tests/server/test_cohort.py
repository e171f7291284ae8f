"""Calls pass through their stages together in a crowd, and without any waiting alone."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from trunkline.server.cohort import Cohort
from trunkline.server.departures import Departures

CALLS, STAGES = 4, 3
Log = list[tuple[int, int]]


class Wire:
    """A transport that takes anything."""

    def write(self, data: bytes) -> None:
        """Take it."""

    def is_closing(self) -> bool:
        return False


async def call(cohort: Cohort, number: int, log: Log) -> None:
    for stage in range(STAGES):
        log.append((stage, number))
        await cohort.stage()


async def calls(messages: int) -> Log:
    """Return the order of stages, each with the number of its call, after a turn with so many messages."""
    log: Log = []
    departures, loop = Departures(), asyncio.get_running_loop()
    for _ in range(messages):
        departures.send(loop, cast("Any", Wire()), b"x")
    await asyncio.sleep(0)
    cohort = Cohort(departures)
    await asyncio.gather(*(call(cohort, number, log) for number in range(CALLS)))
    return log


@pytest.mark.parametrize("departures", [None, Departures()])
def test_alone_there_is_nothing_to_wait_for(departures: Departures | None):
    log: Log = []
    alone = call(Cohort(departures), 0, log)
    with pytest.raises(StopIteration):
        alone.send(None)
    assert log == [(stage, 0) for stage in range(STAGES)]


@pytest.mark.parametrize("messages", [0, 1])
def test_without_a_crowd_each_call_goes_through_all_stages(messages: int):
    assert asyncio.run(calls(messages)) == [(stage, number) for number in range(CALLS) for stage in range(STAGES)]


@pytest.mark.parametrize("messages", [2, 40])
def test_in_a_crowd_all_calls_pass_a_stage_before_any_enters_the_next(messages: int):
    assert asyncio.run(calls(messages)) == [(stage, number) for stage in range(STAGES) for number in range(CALLS)]
