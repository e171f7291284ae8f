"""Whether the tool calls of an answer are any good (spec gateway 3.5): JSON arguments for a tool that was offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


class ToolCalls:
    """Collects the fragments of an answer's tool calls."""

    def __init__(self) -> None:
        self._calls: dict[int, tuple[str, list[str]]] = {}

    def add(self, fragments: Iterable[Mapping[str, Any]]) -> None:
        """Take in the fragments of one delta."""
        for fragment in fragments:
            function = fragment.get("function") or {}
            name, arguments = self._calls.setdefault(fragment.get("index", 0), ("", []))
            arguments.append(function.get("arguments") or "")
            if not name and function.get("name"):
                self._calls[fragment.get("index", 0)] = (function["name"], arguments)

    def bad(self, tools: msgspec.Raw | None) -> bool | None:
        """Tell whether any call is unusable, None without calls; `tools` is the request's own field."""
        if not self._calls:
            return None
        offered = _names(tools)
        return any(
            (bool(offered) and name not in offered) or not _is_object("".join(arguments))
            for name, arguments in self._calls.values()
        )


def _names(tools: msgspec.Raw | None) -> frozenset[str]:
    try:
        listed = msgspec.json.decode(tools) if tools is not None else []
        return frozenset(tool["function"]["name"] for tool in listed if tool.get("type") == "function")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return frozenset()


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(arguments.encode() or b"{}"), dict)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False
