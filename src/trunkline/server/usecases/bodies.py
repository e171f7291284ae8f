"""What request bodies are made of: bounded types for msgspec, and what they become inside (spec 1.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from trunkline.server.domain.policy.spend import PICO
from trunkline.server.errors import BadRequest, Issue
from trunkline.server.usecases.account_ports import Entropy

T = TypeVar("T")

MOST_USD: Final = 10**12
Usd = Annotated[float, Meta(ge=0, le=MOST_USD)]
"""An amount of USD as JSON has it; `usd` makes it exact."""
Name = Annotated[str, Meta(min_length=1)]
Window = Literal["daily", "weekly", "monthly"]
Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its offset; `utc` refuses every offset but that of UTC."""


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is asked for."""

    offset: int = 0
    limit: int = 50


FIRST_PAGE: Final = Paging()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and how many rows the whole list has."""

    data: list[T]
    total_count: int


def refuse(path: str, message: str) -> BadRequest:
    """Return the error for one wrong field."""
    return BadRequest(issues=[Issue(path, message)])


def usd(amount: float, path: str, *, positive: bool = False) -> Decimal:
    """Return an amount as the decimal that its JSON number shows, rounded to 10^-12 USD, half to even.

    Raises `BadRequest` where it must be positive and is not, also by rounding.
    """
    exact = Decimal(repr(amount)).quantize(PICO, ROUND_HALF_EVEN)
    if positive and exact <= 0:
        raise refuse(path, "expected a number greater than 0")
    # Without an exponent and without zeros at the end: 500 is the same everywhere, and never 5E+2.
    return Decimal(f"{exact.normalize():f}")


def utc(moment: datetime, path: str) -> datetime:
    """Return a time in UTC. Raises `BadRequest` for another offset (spec 1.7)."""
    if moment.utcoffset() != UTC.utcoffset(None):
        raise refuse(path, "expected a time in UTC, such as 2027-01-01T00:00:00Z")
    return moment.astimezone(UTC)


def new_id(entropy: Entropy) -> str:
    """Return a fresh random UUID."""
    return str(UUID(bytes=entropy(16), version=4))


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID as ids are written: 36 characters, hexadecimal digits in any case."""
    try:
        return len(text) == 36 and str(UUID(text)) == text.lower()
    except ValueError:
        return False


def given(body: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that a body states, null among them, those left out not."""
    return dict(_given(body))


def _given(body: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    for field in body.__struct_fields__:
        value = getattr(body, field)
        if value is not msgspec.UNSET:
            yield field, value
