"""A loop stays awake for a moment, and the less often the longer that is in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from trunkline.server.polling import MOST_PASSED, Polling

NEVER, AT_ONCE = 1e9, 1e-9
"""Seconds after which a look is in vain."""


class Loop:
    """What is to be called soon, called by hand."""

    def __init__(self) -> None:
        self.soon: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def call_soon(self, callback: Callable[..., None], *arguments: Any) -> None:
        self.soon.append((callback, arguments))

    def turn(self) -> bool:
        """Make one turn and return whether another follows without sleep."""
        soon, self.soon = self.soon, []
        for callback, arguments in soon:
            callback(*arguments)
        return bool(self.soon)


def stays(polling: Polling, loop: Loop) -> bool:
    polling.stay(cast("asyncio.AbstractEventLoop", loop))
    return bool(loop.soon)


def test_it_stays_awake_until_its_time_is_over():
    loop = Loop()
    assert stays(Polling(NEVER), loop)
    assert all(loop.turn() for _ in range(100))
    assert stays(Polling(AT_ONCE), other := Loop())
    assert not other.turn()


def test_nothing_stays_awake_for_no_time():
    assert not stays(Polling(0), Loop())


def test_staying_again_does_not_look_twice_in_a_turn():
    polling, loop = Polling(NEVER), Loop()
    assert stays(polling, loop)
    assert stays(polling, loop)
    assert len(loop.soon) == 1


def test_each_look_in_vain_doubles_the_turns_passed_over_up_to_a_bound():
    polling, loop = Polling(AT_ONCE), Loop()
    passed = []
    for _ in range(10):
        turns = 0
        while not stays(polling, loop):
            turns += 1
        passed.append(turns)
        assert not loop.turn()
    assert passed == [0, 1, 3, 7, 15, 31, 63, 127, MOST_PASSED, MOST_PASSED]


def test_what_comes_in_time_makes_the_next_turns_count_again():
    polling, loop = Polling(AT_ONCE), Loop()
    for _ in range(6):
        while not stays(polling, loop):
            pass
        loop.turn()
    while not stays(polling, loop):
        pass
    polling.met()
    loop.turn()  # in vain after all
    assert [stays(polling, loop) for _ in range(2)] == [False, True]


def test_what_comes_while_nobody_looks_changes_nothing():
    polling, loop = Polling(AT_ONCE), Loop()
    assert stays(polling, loop)
    loop.turn()
    polling.met()
    assert [stays(polling, loop) for _ in range(2)] == [False, True]
