"""The credential of an operation that takes one of its own."""

from __future__ import annotations

from typing import TypedDict


class ListModelsUserSecurityTypedDict(TypedDict):
    """`ListModelsUserSecurity` as a plain mapping."""

    bearer: str


class ListModelsUserSecurity:
    """The API key whose models are listed, in place of the client's own."""

    __slots__ = ("bearer",)

    def __init__(self, *, bearer: str) -> None:
        self.bearer = bearer

    def __repr__(self) -> str:
        return "ListModelsUserSecurity(bearer=…)"
