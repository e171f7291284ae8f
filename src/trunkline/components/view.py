"""Typed views over decoded JSON: attributes for the fields we know, and whatever else came along kept beside them."""
# ruff: noqa: SLF001 - a view and its fields are one thing in two classes

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Self,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from trunkline.components.show import show
from trunkline.types.unset import UNSET

Wrap = Callable[[Any], Any]
CONTAINERS = frozenset({dict, list})
"""What JSON arrays and objects are decoded to; all else is shown as it is."""


class Field:
    """A field of a view: reads its key from the JSON object, and gives `default` (None or UNSET) where it is absent."""

    __slots__ = ("default", "name", "owner", "required", "wrap")

    def __init__(self, owner: type[View], name: str, *, required: bool, default: Any = None) -> None:
        self.owner = owner
        self.name = name
        self.required = required
        self.default = default
        self.wrap: Wrap | None = None

    def __get__(self, view: View | None, owner: type[View]) -> Any:
        if view is None:
            return self
        try:
            value = view._data[self.name]
        except KeyError:
            if self.required:
                raise AttributeError(self.name) from None  # View.__getattr__ says more
            return self.default
        if type(value) not in CONTAINERS:
            return value
        # Made once for each view, so that a caller's list stays the caller's, and `is` holds.
        if view._made is None:
            view._made = {}
        elif self.name in view._made:
            return view._made[self.name]
        if self.wrap is None:
            self.wrap = _wrapper(get_type_hints(self.owner)[self.name])
        shown = view._made[self.name] = self.wrap(value)
        return shown

    def __set__(self, view: View, value: object) -> None:
        raise AttributeError(f"{type(view).__name__} shows an answer as it came; its fields cannot be assigned")


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
class View:  # noqa: PLW1641 - equal by value, so not a key
    """One object of the API. Subclasses declare fields as dataclasses do: no default (required), None or UNSET.

    Fields that were not declared are kept too: as plain attributes, in `model_extra` and in `model_dump()`.
    """

    __slots__ = ("_data", "_made")

    _fields: ClassVar[dict[str, Field]] = {}
    _data: dict[str, Any]
    _made: dict[str, Any] | None

    def __init_subclass__(cls) -> None:
        own = [name for name in cls.__annotations__ if not name.startswith("_")]
        defaults = vars(cls)
        fields = {name: Field(cls, name, required=name not in defaults, default=defaults.get(name)) for name in own}
        for name, field in fields.items():
            setattr(cls, name, field)
        cls._fields = cls._fields | fields

    def __init__(self, **fields: Any) -> None:
        known = self._fields
        if unknown := fields.keys() - known.keys():
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        if missing := [name for name, field in known.items() if field.required and name not in fields]:
            raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
        self._data = {name: _plain(value) for name, value in fields.items() if value is not UNSET}
        self._made = None

    @classmethod
    def over(cls, data: dict[str, Any]) -> Self:
        """Return a view over a decoded JSON object, which it keeps and does not check."""
        view = cls.__new__(cls)
        view._data = data
        view._made = None
        return view

    @classmethod
    def model_validate(cls, data: dict[str, Any]) -> Self:
        """Return a view over a decoded JSON object after checking it. Raises `ValueError` naming what is wrong."""
        from trunkline.components.schema import check

        check(cls, data)
        return cls.over(data)

    def model_dump(self) -> dict[str, Any]:
        """Return the JSON object as it came, as a copy."""
        return _mapping(self._data)

    def model_dump_json(self, *, indent: int = 0) -> str:
        """Return the JSON object as text; `indent` is the number of blanks for each level, 0 for one line."""
        import msgspec

        text = msgspec.json.encode(self._data)
        return (msgspec.json.format(text, indent=indent) if indent else text).decode()

    @property
    def model_extra(self) -> dict[str, Any]:
        """The fields that this release does not know, as they came."""
        return {name: _copy(value) for name, value in self._data.items() if name not in self._fields}

    if not TYPE_CHECKING:  # a type checker would otherwise let every misspelt field pass

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("_") and name in self._data:
                return _copy(self._data[name])
            problem = "came without" if name in self._fields else "has no field"
            raise AttributeError(f"{type(self).__name__} {problem} {name!r}", name=name, obj=self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, View) or type(other) is not type(self):
            return NotImplemented
        return self._data == other._data

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).over, (self._data,)

    def __repr__(self) -> str:
        return show(self)

    def __repr_fields__(self) -> Iterator[tuple[str, Any]]:
        """Yield name and value of what is there, declared fields first."""
        for name in self._fields:
            if name in self._data:
                yield name, getattr(self, name)
        yield from self.model_extra.items()


def fields_of(view: type[View]) -> Iterable[Field]:
    """Return the declared fields of a view class, inherited ones first, in their order."""
    return view._fields.values()


def _plain(value: Any) -> Any:
    if isinstance(value, View):
        return value._data
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _wrapper(hint: Any) -> Wrap:
    """Return what turns a decoded JSON array or object into the value that a type hint promises."""
    for kind in (hint, *get_args(hint)):
        if isinstance(kind, type) and issubclass(kind, View):
            return _over(kind)
        if get_origin(kind) is list:
            return _listed(get_args(kind)[0])
        if get_origin(kind) is dict:
            return _mapped(get_args(kind)[1])
    return _copy


def _copy(value: Any) -> Any:
    """Return decoded JSON that a caller may change without changing the answer."""
    if isinstance(value, dict):
        return _mapping(value)
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _mapping(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _copy(item) for key, item in value.items()}


def _over(kind: type[View]) -> Wrap:
    make = kind.__new__  # a page of hundreds of models is made this way

    def wrap(value: Any) -> Any:
        if value.__class__ is not dict:
            return value
        view = make(kind)
        view._data = value
        view._made = None
        return view

    return wrap


def _listed(hint: Any) -> Wrap:
    inner = _wrapper(hint)
    return lambda value: [inner(item) for item in value]


def _mapped(hint: Any) -> Wrap:
    inner = _wrapper(hint)
    return lambda value: {key: inner(item) for key, item in dict(value).items()}
