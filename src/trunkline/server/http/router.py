"""Finds the operation of a path: exact paths by one look-up, patterns by their number of segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trunkline.server.errors import NotFound
from trunkline.server.http.operations import Operation
from trunkline.server.http.request import segments


class Router:
    """The table of operations, ready to be asked."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._exact: dict[tuple[str, ...], Operation] = {}
        self._patterns: list[tuple[tuple[str, ...], Operation]] = []
        for operation in operations:
            parts = tuple(operation.path.strip("/").split("/"))
            if any(part.startswith("{") for part in parts):
                self._patterns.append((parts, operation))
            else:
                self._exact[parts] = operation

    def find(self, path: bytes) -> tuple[Operation, Mapping[str, str]]:
        """Return the operation of a raw path and its path parameters. Raises `NotFound`.

        A parameter never matches an empty segment: `/model/openai/` is no model (spec 1.1).
        """
        parts = tuple(segments(path))
        if (operation := self._exact.get(parts)) is not None:
            return operation, {}
        for pattern, operation in self._patterns:
            if len(pattern) == len(parts) and all(
                part if name.startswith("{") else part == name for name, part in zip(pattern, parts, strict=True)
            ):
                named = zip(pattern, parts, strict=True)
                return operation, {name[1:-1]: part for name, part in named if name.startswith("{")}
        raise NotFound
