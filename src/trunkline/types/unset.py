"""`UNSET`, the value of what is absent, where None would mean an explicit null."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, TypeVar


class Unset:
    """The type of `UNSET`; false, equal only to itself, and the same object after copying or unpickling."""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
"""Not given (a parameter) or not sent (a field of a result)."""

T = TypeVar("T")
Nullable: TypeAlias = T | None
"""Always there, may be null."""
OptionalNullable: TypeAlias = T | None | Unset
"""May be null (None), and may be absent (`UNSET`)."""
UnrecognizedStr: TypeAlias = str
"""A word that this release does not know; it is kept as it came."""
UnrecognizedInt: TypeAlias = int
"""A number that this release does not know; it is kept as it came."""
