"""Checks what a fact states before anything is derived from it: the API's types with every field optional.

A null where the API has none means "not known", and counts as not stated.
"""

from __future__ import annotations

from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Struct, UnsetType

from trunkline.server.domain.catalog import wire, wire_endpoint

UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What reading a hostile document raises: wrong types, no JSON, no UTF-8, nested too deep."""


class DataPolicy(Struct, frozen=True):
    """What happens to prompts; an absent or null member is unknown."""

    training: bool | None = None
    retains: bool | None = None
    retention_days: int | None = None
    publishes: bool | None = None
    zdr: Literal["none", "safety", "strict"] | None = None


class ModelNotes(Struct, frozen=True):
    """What is known of a model beside what the API shows."""

    categories: list[str] | None = None
    distillable: bool | None = None
    hidden: bool | None = None
    first_listed: int | None = None
    private_to: list[str] | None = None


class EndpointNotes(Struct, frozen=True):
    """What is known of an endpoint beside what the API shows."""

    data_policy: DataPolicy | None = None
    regions: list[str] | None = None
    provider: str | None = None
    private_to: list[str] | None = None


class ProviderNotes(Struct, frozen=True):
    """What is known of a provider beside what the API shows."""

    data_policy: DataPolicy | None = None
    regions: list[str] | None = None


class Alias(Struct, frozen=True):
    """Another name of a model."""

    target: str


def model(text: bytes) -> dict[str, Any]:
    """Return what a document states of a model. Raises one of `UNREADABLE`."""
    return _read(text, wire.Model, deep=True)


def endpoint(text: bytes) -> dict[str, Any]:
    """Return what a document states of an endpoint; its pricing is whole or absent. Raises one of `UNREADABLE`."""
    return _read(text, wire_endpoint.PublicEndpoint, deep=False)


def provider(text: bytes) -> dict[str, Any]:
    """Return what a document states of a provider. Raises one of `UNREADABLE`."""
    return _read(text, wire_endpoint.Provider, deep=True)


def notes(text: bytes, of: type[Struct]) -> dict[str, Any]:
    """Return notes that are of a type, members that the type does not know included. Raises one of `UNREADABLE`."""
    if text == b"{}":
        return {}
    decoded: dict[str, Any] = msgspec.json.decode(text)
    msgspec.convert(decoded, of)
    return decoded


def target(text: bytes) -> str:
    """Return what an alias names. Raises one of `UNREADABLE`."""
    return msgspec.json.decode(text, type=Alias).target


def _read(text: bytes, of: type[Struct], *, deep: bool) -> dict[str, Any]:
    decoded = msgspec.json.decode(text)
    if isinstance(decoded, dict):
        decoded = _known(decoded, of)
    msgspec.convert(decoded, _partial(of, deep))
    stated: dict[str, Any] = decoded
    return stated


def _known(row: dict[str, Any], of: type[Struct]) -> dict[str, Any]:
    fields = _fields(of)
    known = row
    for name, value in row.items():
        if name not in fields or not (value is None or isinstance(value, dict)):
            continue
        nullable, inner = fields[name]
        if value is None and not nullable:
            known = {key: kept for key, kept in known.items() if key != name}
        elif inner is not None and isinstance(value, dict):
            known = {**known, name: _known(value, inner)}
    return known


@cache
def _fields(of: type[Struct]) -> dict[str, tuple[bool, type[Struct] | None]]:
    """Return for each field whether it may be null and the struct that it holds."""
    return {name: (NoneType in _members(hint), _struct(hint)) for name, hint in _hints(of).items()}


@cache
def _partial(of: type[Struct], deep: bool) -> type[Struct]:
    fields: list[tuple[str, Any, Any]] = []
    for name, hint in _hints(of).items():
        inner = _struct(hint)
        members: tuple[Any, ...] = (hint,)
        if deep and inner is not None:
            members = tuple(_partial(inner, deep) if member is inner else member for member in _members(hint))
        fields.append((name, Union[(*members, UnsetType)], UNSET))
    return msgspec.defstruct(f"Stated{of.__name__}", fields, frozen=True)


def _hints(of: type[Struct]) -> dict[str, Any]:
    return get_type_hints(of, include_extras=True)


def _struct(hint: Any) -> type[Struct] | None:
    for member in _members(hint):
        if isinstance(member, type) and issubclass(member, Struct):
            return member
    return None


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
