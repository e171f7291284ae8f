"""Readable one-line reprs: every field of the object at hand, less of what lies deeper, never a page of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trunkline.components.view import View

TEXT = 80
"""Characters shown of a text."""
ITEMS = 3
"""Objects shown of a list of objects."""
WORDS = 20
"""Values shown of any other list or mapping."""
BRIEF = 2
"""Fields shown of an object inside a list."""


def show(view: View, *, brief: bool = False) -> str:
    """Return the repr of a view; with `brief` only its first fields, as inside a list."""
    fields = list(view.__repr_fields__())
    shown = fields[:BRIEF] if brief else fields
    parts = [f"{name}={_value(value)}" for name, value in shown]
    if len(fields) > len(shown):
        parts.append("…")
    return f"{type(view).__name__}({', '.join(parts)})"


def _value(value: Any) -> str:
    if isinstance(value, str) and len(value) > TEXT:
        return f"{value[:TEXT]!r}…"
    if isinstance(value, list):
        return _list(value)
    if isinstance(value, dict):
        items = [f"{key!r}: {_value(item)}" for key, item in list(value.items())[:WORDS]]
        return f"{{{', '.join(items + _rest(len(value), WORDS))}}}"
    return repr(value)


def _list(items: list[Any]) -> str:
    if items and hasattr(items[0], "__repr_fields__"):
        shown = [show(item, brief=True) if hasattr(item, "__repr_fields__") else repr(item) for item in items[:ITEMS]]
        return f"[{', '.join(shown + _rest(len(items), ITEMS))}]"
    return f"[{', '.join([_value(item) for item in items[:WORDS]] + _rest(len(items), WORDS))}]"


def _rest(count: int, shown: int) -> list[str]:
    return [f"… {count - shown} more"] if count > shown else []
