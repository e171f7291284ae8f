"""Finds the row of a path and method: exact paths by one look-up, patterns by their number of segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from trunkline.server.errors import MethodNotAllowed, NotFound
from trunkline.server.http.request import NO_PARAMS, segments

Parts = tuple[str, ...]


class Routed(Protocol):
    """What the router asks of a row: its path with parameters in braces, method and limit of bodies in bytes."""

    @property
    def path(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def body_limit(self) -> int | None: ...


R = TypeVar("R", bound=Routed)


class Router(Generic[R]):
    """A table of operations (or of pages), ready to be asked. HEAD is asked of those for GET."""

    def __init__(self, operations: Iterable[R]) -> None:
        self._exact: dict[Parts, dict[str, R]] = {}
        self._patterns: dict[Parts, dict[str, R]] = {}
        self.direct: dict[tuple[str, bytes], R] = {}
        """What has no parameters, by method and raw path as it is documented."""
        self._limits: dict[bytes, int] = {}
        for operation in operations:
            if operation.body_limit is not None:
                self._limits[operation.path.encode()] = operation.body_limit
            parts = tuple(operation.path.strip("/").split("/"))
            table = self._patterns if any(part.startswith("{") for part in parts) else self._exact
            table.setdefault(parts, {})[operation.method] = operation
            if table is self._exact:
                self.direct[operation.method, operation.path.encode()] = operation

    def find(self, method: str, path: bytes) -> tuple[R, Mapping[str, str]]:
        """Return the operation of a method and raw path, and its path parameters.

        Raises `NotFound`, and `MethodNotAllowed` for a known path. A parameter never matches an
        empty segment: `/model/openai/` is no model (spec 1.1).
        """
        if (direct := self.direct.get((method, path))) is not None:
            return direct, NO_PARAMS
        methods, params = self.methods(path)
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotAllowed(allowed=allowed(methods))
        return operation, params

    def body_limit(self, path: bytes) -> int | None:
        """Return the limit in bytes that an operation without path parameters sets for its bodies, None for none."""
        return self._limits.get(path.removesuffix(b"/"))

    def methods(self, path: bytes) -> tuple[dict[str, R], Mapping[str, str]]:
        """Return the operations of a raw path by method, and its path parameters. Raises `NotFound`."""
        parts = tuple(segments(path))
        if (methods := self._exact.get(parts)) is not None:
            return methods, {}
        for pattern, methods in self._patterns.items():
            if len(pattern) == len(parts) and all(
                part if name.startswith("{") else part == name for name, part in zip(pattern, parts, strict=True)
            ):
                named = zip(pattern, parts, strict=True)
                return methods, {name[1:-1]: part for name, part in named if name.startswith("{")}
        raise NotFound


def allowed(methods: Iterable[str]) -> tuple[str, ...]:
    """Return the methods that a path takes, as the `Allow` header lists them."""
    listed = set(methods)
    if "GET" in listed:
        listed.add("HEAD")
    return (*sorted(listed), "OPTIONS")
