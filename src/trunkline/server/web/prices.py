"""Prices as people read them: every line of a price list in its unit, steps by prompt size, windows of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from trunkline.server.domain.catalog import pricing, vocabulary
from trunkline.server.domain.catalog.pricing import Moment

MINUTES: Final = 1440
PER_MILLION: Final = "per million tokens"
LINES: Final = {
    "prompt": ("Prompt", PER_MILLION),
    "completion": ("Completion", PER_MILLION),
    "internal_reasoning": ("Reasoning", PER_MILLION),
    "input_cache_read": ("Cache read", PER_MILLION),
    "input_cache_write": ("Cache write, five minutes", PER_MILLION),
    "input_cache_write_1h": ("Cache write, an hour", PER_MILLION),
    "audio": ("Audio in", PER_MILLION),
    "audio_output": ("Audio out", PER_MILLION),
    "input_audio_cache": ("Audio cache", PER_MILLION),
    "image_token": ("Image tokens in", PER_MILLION),
    "image_output": ("Image tokens out", PER_MILLION),
    "image": ("Image in", "each"),
    "request": ("Request", "each"),
    "web_search": ("Web search", "each"),
}
"""What the lines of a price list are called and what they are for; unknown ones come last under their own name."""


@dataclass(frozen=True, slots=True)
class Price:
    """One line of a price list: `amount` in USD per `unit`, None where it is not known."""

    title: str
    amount: Decimal | None
    unit: str


@dataclass(frozen=True, slots=True)
class Step:
    """The prices of prompts with more tokens than `above`, up to the next step; USD per token."""

    above: int
    prompt: Decimal | None
    completion: Decimal | None
    cached: Decimal | None


@dataclass(frozen=True, slots=True)
class Window:
    """The prices between two minutes of a day in UTC; USD per token."""

    start: int
    end: int
    prompt: Decimal | None
    completion: Decimal | None

    @property
    def label(self) -> str:
        """The hours, as `01:00–04:00`."""
        return f"{_clock(self.start)}–{_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Day:
    """The windows of some weekdays that have the same ones."""

    title: str
    windows: tuple[Window, ...]


def lines(prices: Mapping[str, Any]) -> list[Price]:
    """Return the lines of a wire price list, in reading order; free and absent extras are left out."""
    found = []
    names = [*LINES, *(name for name, value in prices.items() if name not in LINES and isinstance(value, str))]
    for name in names:
        if name not in prices:
            continue
        title, unit = LINES.get(name, (name.replace("_", " ").capitalize(), "each"))
        amount = pricing.amount(prices[name])
        if amount == 0 and name not in {"prompt", "completion"}:
            continue
        scaled = amount * 1_000_000 if amount is not None and unit == PER_MILLION else amount
        found.append(Price(title, scaled, unit))
    return found


def steps(prices: Mapping[str, Any], now: float) -> list[Step]:
    """Return what prompts of each size cost at a Unix time; nothing where size does not matter."""
    sizes = {entry["min_prompt_tokens"] for entry in prices.get("overrides") or () if "min_prompt_tokens" in entry}
    sizes.discard(0)
    if not sizes:
        return []
    found = []
    for above in (0, *sorted(sizes)):
        at = pricing.price_for(prices, above + 1, Moment.of(now))
        found.append(Step(above, *(pricing.amount(at.get(n)) for n in ("prompt", "completion", "input_cache_read"))))
    return found


def week(prices: Mapping[str, Any]) -> list[Day]:
    """Return the windows of each day of the week; nothing where the time does not matter."""
    if not pricing.has_windows(prices):
        return []
    marks = sorted({0, *pricing.boundaries([prices]), MINUTES})
    days: dict[tuple[Window, ...], list[str]] = {}
    for number, name in enumerate(vocabulary.WEEKDAYS):
        windows: list[Window] = []
        for start, end in pairwise(marks):
            at = pricing.price_at(prices, Moment(start, number))
            window = Window(start, end, pricing.amount(at.get("prompt")), pricing.amount(at.get("completion")))
            if windows and (windows[-1].prompt, windows[-1].completion) == (window.prompt, window.completion):
                window = Window(windows.pop().start, end, window.prompt, window.completion)
            windows.append(window)
        days.setdefault(tuple(windows), []).append(name[:3].capitalize())
    return [Day("Every day" if len(names) == 7 else ", ".join(names), windows) for windows, names in days.items()]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
