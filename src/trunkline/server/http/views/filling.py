"""Fills the API's objects from the domain's: fields of one name have one value, only what differs is said."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T", bound=Struct)


def fill(kind: type[T], *sources: object, **more: Any) -> T:
    """Return a struct whose fields are `more`, else the attribute of the first source that has it, else its default."""
    values = dict(more)
    for name in kind.__struct_fields__:
        if name in values:
            continue
        for source in sources:
            if hasattr(source, name):
                values[name] = getattr(source, name)
                break
    return kind(**values)
