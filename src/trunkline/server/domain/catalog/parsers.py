"""Readers of query values: text in, value out, or `Refused` with what would have been accepted (spec 1.1, 1.3).

A reader returns None where the text counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

Reader = Callable[[str], Any]

_NUMBER = re.compile(r"\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?|-0+(?:\.0*)?")
_INTEGER = re.compile(r"\+?[0-9]{1,400}|-0{1,400}")


class Refused(ValueError):
    """A value outside of what a parameter takes; the text says what it takes."""


def text(value: str) -> str | None:
    """Read free text; blank is absent."""
    return value.strip() or None


def words(value: str) -> tuple[str, ...] | None:
    """Read a comma-separated list of free words; empty is absent."""
    return tuple(word for part in value.split(",") if (word := part.strip())) or None


def words_of(accepted: Sequence[str], *, switch_off: str | None = None) -> Reader:
    """Return a reader of a comma-separated list of known words.

    `switch_off` is a further word that makes the whole list mean "no filter", read as an empty tuple.
    """
    choices = (*accepted, switch_off) if switch_off else tuple(accepted)

    def read(value: str) -> tuple[str, ...] | None:
        listed = words(value)
        if listed is None:
            return None
        if any(word not in choices for word in listed):
            raise Refused(f"a comma-separated list of: {', '.join(choices)}")
        return () if switch_off in listed else tuple(dict.fromkeys(listed))

    return read


def one_of(accepted: Sequence[str]) -> Reader:
    """Return a reader of exactly one known word; an empty value is refused."""

    def read(value: str) -> str:
        if (word := value.strip()) not in accepted:
            raise Refused(f"one of: {', '.join(accepted)}")
        return word

    return read


def integer(low: int, high: int | None = None, *, nullable: bool = False) -> Reader:
    """Return a reader of a whole number within [low, high]; `nullable` makes an empty value absent."""
    accepted = f"an integer from {low} to {high}" if high is not None else f"an integer of {low} or more"

    def read(value: str) -> int | None:
        value = value.strip()
        if not value and nullable:
            return None
        if not _INTEGER.fullmatch(value) or int(value) < low or (high is not None and int(value) > high):
            raise Refused(accepted)
        return int(value)

    return read


def number(low: int = 0, high: int | None = None) -> Reader:
    """Return a reader of a decimal number within [low, high], exactly as written; empty is absent."""
    accepted = f"a number from {low} to {high}" if high is not None else f"a number of {low} or more"

    def read(value: str) -> Decimal | None:
        value = value.strip()
        if not value:
            return None
        if not _NUMBER.fullmatch(value) or len(value) > 400:
            raise Refused(accepted)
        read = Decimal(value)
        if read < low or (high is not None and read > high) or read.adjusted() > 300:
            raise Refused(accepted)
        return read

    return read
