"""Checks rows against the API's own types, every field optional, and names each wrong field by its dotted path.

Unknown fields and unknown words of enums are right by definition: they are kept, not judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import inspect

Report = Callable[[str, str], None]
"""Called with the dotted path of a wrong field and what is wrong with it."""

EXACT_INTEGER = 2**53
"""The largest integer that every JSON reader keeps."""
LONGEST_PRICE = 40

_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    ((float, Decimal), "a number"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
)
_EXPECTED: tuple[tuple[type, type | tuple[type, ...], str], ...] = (
    (inspect.BoolType, bool, "true or false"),
    (inspect.IntType, int, "an integer"),
    (inspect.FloatType, (int, float, Decimal), "a number"),
    (inspect.StrType, str, "a string"),
    (inspect.ListType, list, "a list"),
    (inspect.DictType, dict, "an object"),
    (inspect.StructType, dict, "an object"),
)


def check_shape(value: object, of: type, report: Report, *, nulls: bool = False) -> None:
    """Report every part of `value` that is not of the msgspec type `of`; absent fields are no fault.

    With `nulls` a null stands for "not known" anywhere.
    """
    _check(value, _shape(of), "", report, nulls)


def shown(value: object) -> str:
    """Return a value as one short line of JSON for messages; control characters are escaped."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


@lru_cache
def _shape(of: type) -> inspect.Type:
    return inspect.type_info(of)


def _word(value: object) -> str:
    if value is None:
        return "null"
    name = next((word for kind, word in _WORDS if isinstance(value, kind)), type(value).__name__)
    return f"{name} ({shown(value)})" if not isinstance(value, (list, dict)) else name


def _check(value: Any, shape: inspect.Type, path: str, report: Report, nulls: bool) -> None:
    if isinstance(shape, inspect.Metadata):
        shape = shape.type
    members = shape.types if isinstance(shape, inspect.UnionType) else (shape,)
    if value is None:
        if not nulls and not any(isinstance(member, (inspect.NoneType, inspect.AnyType)) for member in members):
            report(path, f"expected {_expected(members)}, got null")
        return
    for member in members:
        kind = member.type if isinstance(member, inspect.Metadata) else member
        if isinstance(kind, inspect.AnyType) or _fits(value, kind):
            _check_inside(value, kind, path, report, nulls)
            return
    report(path, f"expected {_expected(members)}, got {_word(value)}")


def _fits(value: object, shape: inspect.Type) -> bool:
    # A Python bool is an int; in JSON it is not.
    return any(
        isinstance(shape, kind) and isinstance(value, python) and isinstance(value, bool) == (python is bool)
        for kind, python, _ in _EXPECTED
    )


def _expected(members: tuple[inspect.Type, ...]) -> str:
    kinds = [member.type if isinstance(member, inspect.Metadata) else member for member in members]
    words = [word for kind in kinds for row, _, word in _EXPECTED if isinstance(kind, row)]
    return " or ".join(dict.fromkeys(words))


def _check_inside(value: Any, shape: inspect.Type, path: str, report: Report, nulls: bool) -> None:
    if isinstance(shape, inspect.StructType):
        for field in shape.fields:
            if field.encode_name in value:
                inner = f"{path}.{field.encode_name}" if path else field.encode_name
                _check(value[field.encode_name], field.type, inner, report, nulls)
    elif isinstance(shape, inspect.ListType):
        for position, item in enumerate(value):
            _check(item, shape.item_type, f"{path}[{position}]", report, nulls)
    elif isinstance(shape, inspect.DictType):
        for key, item in value.items():
            _check(item, shape.value_type, f"{path}.{key}", report, nulls)
    elif isinstance(shape, (inspect.IntType, inspect.FloatType)):
        _check_number(value, shape, path, report)
    elif isinstance(shape, inspect.StrType) and not _is_price(value, shape.pattern):
        report(path, f"expected a plain decimal number as a string, got {shown(value)}")


def _is_price(value: str, pattern: str | None) -> bool:
    # The API's types know one pattern: that of prices.
    return pattern is None or (len(value) <= LONGEST_PRICE and re.fullmatch(pattern, value) is not None)


def _check_number(value: Any, shape: inspect.IntType | inspect.FloatType, path: str, report: Report) -> None:
    low = shape.ge if shape.ge is not None else -EXACT_INTEGER
    high = shape.le if shape.le is not None else EXACT_INTEGER
    if not low <= value <= high:
        report(path, f"expected a number from {low} to {high}, got {shown(value)}")
