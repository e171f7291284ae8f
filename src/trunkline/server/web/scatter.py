"""Points as dots of a picture: axes that grow by factors or steps, a lane for what is free, names for the best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from trunkline.server.usecases.points import Figure, Point

WIDTH, HEIGHT = 960, 540
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 18, 62
LANE: Final = 34
"""Pixels for dots at zero, where an axis grows by factors and has none."""
COLOURS: Final = 6
"""Authors with a colour of their own, those with most dots; all others share one."""
_NEAR: Final = (150, 15)
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Dot:
    """One model: where it stands, its colour (0 for the shared one), and its name where there is room for it."""

    point: Point
    x: float
    y: float
    colour: int
    label: str
    flush: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis, at pixels from the left or the top."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A scatter plot ready to be drawn; `line` joins the points that no other beats."""

    dots: list[Dot]
    across: list[Tick]
    up: list[Tick]
    line: str
    authors: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    log: bool
    zero: bool
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value stands in pixels."""
        sign = 1 if self.end > self.start else -1
        first = self.start + sign * LANE if self.zero else self.start
        if self.log and value <= 0:
            return self.start + sign * LANE / 3
        share = _grow(value, self.log) - _grow(self.low, self.log)
        return first + (self.end - first) * share / (_grow(self.high, self.log) - _grow(self.low, self.log))

    def ticks(self, say: Callable[[float], str]) -> list[Tick]:
        """Return the marks of the axis."""
        made = [Tick(self.at(value), say(value)) for value in self._values()]
        return [Tick(self.at(0), "free"), *made] if self.zero else made

    def _values(self) -> list[float]:
        if not self.log:
            step = _step(self.high - self.low)
            first = math.ceil(self.low / step)
            return [place * step for place in range(first, math.floor(self.high / step) + 1)]
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        factors = (1, 2, 5) if last - first <= _FEW else (1,)
        values = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        return [value for value in values if self.low <= value <= self.high]


def draw(
    points: Sequence[Point],
    best: Sequence[Point],
    figures: tuple[Figure, Figure],
    say: tuple[Callable[[float], str], Callable[[float], str]],
) -> Picture:
    """Return the picture of some points, at least one, with the `best` of them joined and named."""
    across = _axis([float(point.x) for point in points], figures[0], LEFT, WIDTH - RIGHT)
    up = _axis([float(point.y) for point in points], figures[1], HEIGHT - BOTTOM, TOP)
    common = [author for author, _ in Counter(point.author for point in points).most_common(COLOURS)]
    colour = {author: place for place, author in enumerate(common, 1)}
    named = _labels(best, across, up)
    dots = [
        Dot(
            point,
            across.at(float(point.x)),
            up.at(float(point.y)),
            colour.get(point.author, 0),
            *named.get(point.id, ("", "start")),
        )
        for point in points
    ]
    # Coloured ones on top, named ones above all.
    dots.sort(key=lambda dot: (bool(dot.label), bool(dot.colour)))
    line = " ".join(f"{across.at(float(point.x)):.1f},{up.at(float(point.y)):.1f}" for point in best)
    return Picture(dots, across.ticks(say[0]), up.ticks(say[1]), line, [(colour[name], name) for name in common])


def _labels(best: Sequence[Point], across: _Axis, up: _Axis) -> dict[str, tuple[str, str]]:
    taken: list[tuple[float, float]] = []
    found = {}
    for point in reversed(best):
        x, y = across.at(float(point.x)), up.at(float(point.y))
        if any(abs(x - other) < _NEAR[0] and abs(y - height) < _NEAR[1] for other, height in taken):
            continue
        taken.append((x, y))
        name = point.name.rpartition(": ")[2]
        found[point.id] = (name if len(name) < 32 else name[:30] + "…", "end" if x > WIDTH * 0.8 else "start")
    return found


def _axis(values: Sequence[float], figure: Figure, start: float, end: float) -> _Axis:
    if not figure.log:
        low, high = min(values), max(values)
        room = (high - low) * 0.06 or 1
        return _Axis(max(0.0, low - room), high + room, log=False, zero=False, start=start, end=end)
    above = [value for value in values if value > 0] or [1.0]
    return _Axis(
        min(above) / 1.3,
        max(above) * 1.3,
        log=True,
        zero=any(value <= 0 for value in values),
        start=start,
        end=end,
    )


def _grow(value: float, log: bool) -> float:
    return math.log10(value) if log else value


def _step(span: float) -> float:
    raw = span / 6
    power: float = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
