"""Requests that are ready in one turn of the loop leave together and in their order, a single one at once."""

from __future__ import annotations

import asyncio
from typing import cast

from trunkline.server.departures import MOST, Departures


class Wire:
    """A transport that notes what it is given."""

    def __init__(self, log: list[bytes]) -> None:
        self._log = log
        self.closing = False

    def write(self, data: bytes) -> None:
        self._log.append(data)

    def is_closing(self) -> bool:
        return self.closing


async def turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_one_that_is_alone_leaves_at_once_and_of_a_crowd_all_after_the_turn_in_their_order():
    async def run() -> None:
        log: list[bytes] = []
        wires = [Wire(log) for _ in range(4)]
        departures, loop = Departures(), asyncio.get_running_loop()
        for number, wire in enumerate(wires):
            departures.send(loop, cast("asyncio.WriteTransport", wire), b"%d" % number)
        assert log == [b"0"]
        await turn()
        assert log == [b"0", b"1", b"2", b"3"]
        departures.send(loop, cast("asyncio.WriteTransport", wires[0]), b"after a crowd")
        assert log[-1] == b"3"
        await turn()
        assert log[-1] == b"after a crowd"
        departures.send(loop, cast("asyncio.WriteTransport", wires[0]), b"alone again")
        assert log[-1] == b"alone again"

    asyncio.run(run())


def test_what_was_given_up_before_it_left_does_not_leave():
    async def run() -> None:
        log: list[bytes] = []
        first, given_up, last = Wire(log), Wire(log), Wire(log)
        departures, loop = Departures(), asyncio.get_running_loop()
        for wire in (first, given_up, last):
            departures.send(loop, cast("asyncio.WriteTransport", wire), b"%d" % id(wire))
        given_up.closing = True
        await turn()
        assert log == [b"%d" % id(first), b"%d" % id(last)]

    asyncio.run(run())


def test_nothing_leaves_before_what_comes_before_it():
    async def run() -> None:
        log: list[bytes] = []
        wires = [Wire(log) for _ in range(3)]
        departures, loop = Departures(before=lambda: log.append(b"before")), asyncio.get_running_loop()
        for number, wire in enumerate(wires):
            departures.send(loop, cast("asyncio.WriteTransport", wire), b"%d" % number)
        await turn()
        assert log == [b"before", b"0", b"before", b"1", b"2"]

    asyncio.run(run())


def test_what_one_transport_cannot_write_costs_the_others_nothing():
    class Broken(Wire):
        aborted = False

        def write(self, data: bytes) -> None:
            raise OSError(data)

        def abort(self) -> None:
            self.aborted = True

    async def run() -> None:
        log: list[bytes] = []
        first, broken, last = Wire(log), Broken(log), Wire(log)
        departures, loop = Departures(), asyncio.get_running_loop()
        for number, wire in enumerate((first, broken, last)):
            departures.send(loop, cast("asyncio.WriteTransport", wire), b"%d" % number)
        await turn()
        assert log == [b"0", b"2"]
        assert broken.aborted

    asyncio.run(run())


def test_more_than_may_wait_leaves_at_once():
    async def run() -> None:
        log: list[bytes] = []
        departures, loop = Departures(), asyncio.get_running_loop()
        for data in (b"first", b"second", b"x" * MOST):
            departures.send(loop, cast("asyncio.WriteTransport", Wire(log)), data)
        assert [len(data) for data in log] == [5, 6, MOST]

    asyncio.run(run())
