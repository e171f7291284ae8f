"""Checks decoded JSON against what a view class declares, with msgspec types derived from the declarations.

Only what is declared is checked, and words are never held to a list: unknown fields and unknown
enum values pass.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from trunkline.components.view import View, fields_of
from trunkline.types.unset import Unset


def check(view: type[View], data: Any) -> None:
    """Check a decoded JSON value against a view class. Raises `ValueError` that says what is wrong and where."""
    msgspec.convert(data, _struct(view))


_STRUCTS: dict[type[View], type[msgspec.Struct]] = {}
"""What has been derived already."""


def _struct(view: type[View]) -> type[msgspec.Struct]:
    if view not in _STRUCTS:
        _STRUCTS[view] = _derive(view)
    return _STRUCTS[view]


def _derive(view: type[View]) -> type[msgspec.Struct]:
    hints: dict[str, Any] = {}
    for owner in reversed(view.__mro__[: view.__mro__.index(View)]):
        hints |= get_type_hints(owner)
    rows: list[Any] = []
    for field in fields_of(view):
        kind = _kind(hints[field.name])
        # Official clients take null wherever a field may be absent.
        rows.append((field.name, kind) if field.required else (field.name, kind | None, None))
    return msgspec.defstruct(view.__name__, rows, kw_only=True, gc=False)


def _kind(hint: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        # A list of words and any word are both text: one kind.
        return reduce(or_, dict.fromkeys(_kind(part) for part in inner if part is not Unset))
    if origin is Literal:
        return type(inner[0])
    if origin is list:
        return list[_kind(inner[0])]  # type: ignore[misc]
    if origin is dict:
        return dict[str, _kind(inner[1])]  # type: ignore[misc]
    if isinstance(hint, type) and issubclass(hint, View):
        return _struct(hint)
    return None if hint is NoneType else hint
