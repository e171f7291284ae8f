"""Has calls that are worked on in the same turn of the event loop pass through each stage together."""

from __future__ import annotations

import types
from collections.abc import Awaitable, Generator, Iterator
from typing import Final

from trunkline.server.departures import Departures


class Cohort:
    """The calls of one event loop. What a call runs through from end to end is more code than a core has at hand, so
    that each call would find nothing of it where the one before has left it; of one stage the next call finds all.

    James Larus and Michael Parkes: Using Cohort Scheduling to Enhance Server Performance, USENIX 2002. What it is worth
    here is in docs/performance.md.
    """

    __slots__ = ("_departures",)

    def __init__(self, departures: Departures | None = None) -> None:
        """Take what knows how crowded turns are; without it each call is alone."""
        self._departures = departures or Departures()

    def stage(self) -> Awaitable[None]:
        """Return what to await before the next stage: in a crowd, the others' coming as far; else nothing."""
        return _turn() if self._departures.crowded else _NOTHING


class _Nothing:
    """What is there as soon as it is awaited."""

    def __await__(self) -> Iterator[None]:
        return iter(())


@types.coroutine
def _turn() -> Generator[None, None, None]:
    # What asyncio.sleep(0) does, in one object less.
    yield


_NOTHING: Final[Awaitable[None]] = _Nothing()  # type: ignore[assignment]
